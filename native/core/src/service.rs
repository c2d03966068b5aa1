//! What a module promises: the traits that its spec names, and how the bus reaches it.

use crate::context::CallContext;
use crate::json::{self, Json, JsonError};
use crate::port::{Port, Status};
use crate::stream::Elements;
use crate::value::Value;
use crate::wire::{Sink, Source, Wire, WireError};

/// How a service is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HealthStatus {
    Healthy,
    /// It works, but worse than it should.
    Degraded {
        reason: String,
    },
    /// It does not work; the heal loop takes over.
    Unhealthy {
        reason: String,
    },
}

/// How scarce memory is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PressureLevel {
    Normal,
    Warning,
    High,
    Critical,
}

/// What owns memory, handles or connections. Calls come from several threads at once.
pub trait ManagedService: Send + Sync {
    fn name(&self) -> &str;
    /// Quick: a late answer counts as unhealthy.
    fn health(&self) -> HealthStatus;
    /// Called once per change of the level.
    fn pressure_response(&self, level: PressureLevel);
    /// Gives up everything that can be given up.
    fn shed_load(&self);
    /// Tries to become healthy; `false` when that failed.
    fn heal(&self) -> bool;
    /// Called once, when no call is running any more; none follows.
    fn shutdown(&self);
}

/// How far an initialisation is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Initialization {
    /// `done` is between 0 and 1; `initialize` is called again.
    Pending {
        done: f64,
    },
    Ready,
}

/// What takes a while to start: a state machine that is asked until it is ready.
pub trait Lifecycle: Send + Sync {
    fn initialize(&self) -> Result<Initialization, String>;
    fn shutdown(&self);
    fn is_initialized(&self) -> bool;
}

/// What has figures to show.
pub trait MetricsEmitter: Send + Sync {
    /// An object of figures.
    fn emit_metrics(&self) -> Value;
    fn metric_prefix(&self) -> &str;
}

/// What has parameters that can be changed while it runs.
pub trait Configurable: Send + Sync {
    fn get_param(&self, name: &str) -> Option<Value>;
    /// `Err` says in one line why the value is refused.
    fn set_param(&self, name: &str, value: Value) -> Result<(), String>;
    /// Names and descriptions.
    fn list_params(&self) -> Vec<(&'static str, &'static str)>;
}

/// How a command runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Sync,
    Async,
    Stream,
}

/// A command, as the spec names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommandInfo {
    /// `"gpu/stats"`.
    pub name: &'static str,
    pub mode: Mode,
}

/// A module: what it is called, what it was generated from, and how an instance is made.
#[derive(Clone, Copy)]
pub struct ModuleFactory {
    pub name: &'static str,
    pub spec_hash: &'static str,
    /// A command's position is its number in [`ServiceModule::call`].
    pub commands: &'static [CommandInfo],
    pub create: fn(config: &Value) -> Result<Box<dyn ServiceModule>, String>,
}

/// A module as the bus calls it: generated code implements it by the trait of the spec.
pub trait ServiceModule: Send + Sync {
    fn managed(&self) -> &dyn ManagedService;
    fn lifecycle(&self) -> Option<&dyn Lifecycle> {
        None
    }
    fn metrics(&self) -> Option<&dyn MetricsEmitter> {
        None
    }
    fn configurable(&self) -> Option<&dyn Configurable> {
        None
    }
    /// Runs a command: `0 => port.run(|params| self.service.stats(context, params))`.
    /// A number that is no command, or one that streams: `port.no_such_command(command)`.
    fn call(&self, command: usize, context: &CallContext, port: &mut Port<'_>) -> Status;
    /// Opens a stream: `1 => port.open(|params| self.service.watch(context, params))`.
    fn open(
        &self,
        command: usize,
        context: &CallContext,
        port: &mut Port<'_>,
    ) -> Result<Box<dyn Elements>, Status> {
        let _ = context;
        Err(port.no_such_command(command))
    }
}

impl ModuleFactory {
    /// What the module is, as Node and a sidecar's parent are told.
    pub fn describe(&self) -> Value {
        let commands = self.commands.iter().map(|command| {
            let mode = match command.mode {
                Mode::Sync => "sync",
                Mode::Async => "async",
                Mode::Stream => "stream",
            };
            Value::object([
                ("name", Value::from(command.name)),
                ("mode", Value::from(mode)),
            ])
        });
        Value::object([
            ("name", Value::from(self.name)),
            ("specHash", Value::from(self.spec_hash)),
            ("commands", Value::Array(commands.collect())),
        ])
    }
}

impl PressureLevel {
    /// All levels, mildest first.
    pub const ALL: [PressureLevel; 4] = [
        PressureLevel::Normal,
        PressureLevel::Warning,
        PressureLevel::High,
        PressureLevel::Critical,
    ];

    /// The level as the spec names it: `"normal"`, `"warning"`, `"high"` or `"critical"`.
    pub fn as_str(self) -> &'static str {
        match self {
            PressureLevel::Normal => "normal",
            PressureLevel::Warning => "warning",
            PressureLevel::High => "high",
            PressureLevel::Critical => "critical",
        }
    }
}

impl Wire for PressureLevel {
    fn read<R: Source>(source: &mut R) -> Result<Self, WireError> {
        Ok(Self::ALL[source.index(Self::ALL.len())?])
    }

    fn write<W: Sink>(&self, sink: &mut W) {
        sink.index(*self as usize);
    }
}

impl Json for PressureLevel {
    fn from_json(value: &Value) -> Result<Self, JsonError> {
        Self::ALL
            .iter()
            .find(|level| value.as_str() == Some(level.as_str()))
            .copied()
            .ok_or_else(|| JsonError::expected("\"normal\", \"warning\", \"high\" or \"critical\""))
    }

    fn to_json(&self) -> Value {
        json::write_string(self.as_str())
    }
}

impl Wire for HealthStatus {
    fn read<R: Source>(source: &mut R) -> Result<Self, WireError> {
        match source.index(3)? {
            0 => Ok(HealthStatus::Healthy),
            1 => Ok(HealthStatus::Degraded {
                reason: source.string()?,
            }),
            _ => Ok(HealthStatus::Unhealthy {
                reason: source.string()?,
            }),
        }
    }

    fn write<W: Sink>(&self, sink: &mut W) {
        match self {
            HealthStatus::Healthy => sink.index(0),
            HealthStatus::Degraded { reason } => {
                sink.index(1);
                sink.string(reason);
            }
            HealthStatus::Unhealthy { reason } => {
                sink.index(2);
                sink.string(reason);
            }
        }
    }
}

impl Json for HealthStatus {
    fn from_json(value: &Value) -> Result<Self, JsonError> {
        match json::read_tag(value, "_tag")? {
            "Healthy" => Ok(HealthStatus::Healthy),
            "Degraded" => Ok(HealthStatus::Degraded {
                reason: json::read_field(value, "reason", json::read_string)?,
            }),
            "Unhealthy" => Ok(HealthStatus::Unhealthy {
                reason: json::read_field(value, "reason", json::read_string)?,
            }),
            _ => Err(
                JsonError::expected("\"Healthy\", \"Degraded\" or \"Unhealthy\"").within("_tag"),
            ),
        }
    }

    fn to_json(&self) -> Value {
        let (tag, reason) = match self {
            HealthStatus::Healthy => ("Healthy", None),
            HealthStatus::Degraded { reason } => ("Degraded", Some(reason)),
            HealthStatus::Unhealthy { reason } => ("Unhealthy", Some(reason)),
        };
        let mut object = json::ObjectWriter::with_capacity(2);
        object.field("_tag", json::write_string(tag));
        if let Some(reason) = reason {
            object.field("reason", json::write_string(reason));
        }
        object.finish()
    }
}
