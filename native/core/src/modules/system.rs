//! The service `system`: how scarce memory is on this machine.

mod memory;
mod readings;

use crate::generated::system::*;
use opbus_core::stream::IterStream;
use opbus_core::{
    CallContext, Configurable, HealthStatus, ManagedService, MetricsEmitter, PressureLevel, Value,
};
use readings::Readings;

const KNOWN: [&str; 3] = ["root", "thresholds", "history"];
const MOST_HISTORY: u64 = 1024;

/// What the service owns: the readings that it remembers.
pub struct System {
    readings: Readings,
}

/// Makes the service; `Err` says in one line why that is not possible.
pub fn create(config: &Value) -> Result<System, String> {
    let fields = config
        .as_object()
        .ok_or("the config of system is an object")?;
    if let Some((name, _)) = fields
        .iter()
        .find(|(name, _)| !KNOWN.contains(&name.as_str()))
    {
        return Err(format!(
            "system has no setting \"{}\"; it has {}",
            name,
            KNOWN.join(", ")
        ));
    }
    let root = config.get("root").map_or(Ok("/"), |root| {
        root.as_str().ok_or("root is the path of a folder")
    })?;
    let usage = PressureThresholds {
        warning: 0.75,
        high: 0.85,
        critical: 0.95,
    };
    let thresholds = match config.get("thresholds") {
        None => usage,
        Some(given) => PressureThresholds {
            warning: given.get("warning").map_or(Ok(usage.warning), share)?,
            high: given.get("high").map_or(Ok(usage.high), share)?,
            critical: given.get("critical").map_or(Ok(usage.critical), share)?,
        },
    };
    let history = config.get("history").map_or(Ok(64), history)?;
    Ok(System {
        readings: Readings::new(root.to_string(), rising(thresholds)?, history),
    })
}

fn share(value: &Value) -> Result<f64, String> {
    value
        .as_f64()
        .filter(|share| (0.0..=1.0).contains(share))
        .ok_or_else(|| "a threshold is a number from 0 to 1".to_string())
}

fn rising(thresholds: PressureThresholds) -> Result<PressureThresholds, String> {
    let PressureThresholds {
        warning,
        high,
        critical,
    } = thresholds;
    if warning <= high && high <= critical {
        Ok(thresholds)
    } else {
        Err(format!(
            "thresholds have to rise, but are {}, {} and {}",
            warning, high, critical
        ))
    }
}

fn history(value: &Value) -> Result<usize, String> {
    value
        .as_u64()
        .filter(|count| *count <= MOST_HISTORY)
        .map(|count| count as usize)
        .ok_or_else(|| format!("history is a whole number from 0 to {}", MOST_HISTORY))
}

impl ManagedService for System {
    fn name(&self) -> &str {
        "system"
    }

    fn health(&self) -> HealthStatus {
        self.readings.health()
    }

    /// Warning: half of the readings are kept. High: the newest. Critical: none.
    fn pressure_response(&self, level: PressureLevel) {
        self.readings.respond(level);
    }

    fn shed_load(&self) {
        self.readings.forget();
    }

    fn heal(&self) -> bool {
        self.readings.heal()
    }

    fn shutdown(&self) {
        self.readings.forget();
    }
}

impl MetricsEmitter for System {
    fn emit_metrics(&self) -> Value {
        let (readings, kept) = self.readings.counts();
        Value::object(vec![
            ("readings", Value::Number(f64::from(readings))),
            ("kept", Value::Number(kept as f64)),
        ])
    }

    fn metric_prefix(&self) -> &str {
        "system"
    }
}

impl Configurable for System {
    fn get_param(&self, name: &str) -> Option<Value> {
        let thresholds = self.readings.thresholds();
        match name {
            "history" => Some(Value::Number(self.readings.history() as f64)),
            "warning" => Some(Value::Number(thresholds.warning)),
            "high" => Some(Value::Number(thresholds.high)),
            "critical" => Some(Value::Number(thresholds.critical)),
            _ => None,
        }
    }

    fn set_param(&self, name: &str, value: Value) -> Result<(), String> {
        let mut thresholds = self.readings.thresholds();
        match name {
            "history" => {
                self.readings.set_history(history(&value)?);
                return Ok(());
            }
            "warning" => thresholds.warning = share(&value)?,
            "high" => thresholds.high = share(&value)?,
            "critical" => thresholds.critical = share(&value)?,
            _ => return Err(format!("system has no parameter \"{}\"", name)),
        }
        self.readings.set_thresholds(rising(thresholds)?);
        Ok(())
    }

    fn list_params(&self) -> Vec<(&'static str, &'static str)> {
        vec![
            ("history", "How many readings are kept"),
            (
                "warning",
                "From which part of the limit on the level is warning",
            ),
            ("high", "From which part of the limit on the level is high"),
            (
                "critical",
                "From which part of the limit on the level is critical",
            ),
        ]
    }
}

impl SystemService for System {
    fn pressure(
        &self,
        _context: &CallContext,
        params: SystemPressureParams,
    ) -> Result<SystemPressureResult, SystemPressureError> {
        match self.readings.read(params.thresholds) {
            Ok(reading) => Ok(SystemPressureResult { reading }),
            Err(reason) => Err(SystemPressureError::PressureUnreadable { reason }),
        }
    }

    fn readings(
        &self,
        _context: &CallContext,
        params: SystemReadingsParams,
    ) -> Result<SystemReadingsStream, SystemReadingsError> {
        let readings = self.readings.newest(params.limit as usize);
        let items = readings
            .into_iter()
            .map(|reading| Ok(SystemReadingsResult { reading }));
        Ok(Box::new(IterStream(items)))
    }
}
