//! What the test module does.

use super::echo::{
    AddParams, AddResult, CountParams, CountResult, EchoError, EchoService, Everything,
    LargeParams, LargeResult, Nothing, PanicParams, RefusedParams, SlowParams, StatsResult,
};
use opbus_core::{
    lock, CallContext, Configurable, HealthStatus, Initialization, Lifecycle, ManagedService,
    MetricsEmitter, PressureLevel, StreamSource, Value,
};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// How many there are in this process.
static INSTANCES: AtomicU32 = AtomicU32::new(0);

#[derive(Default)]
struct Counters {
    running: AtomicU32,
    finished: AtomicU32,
    cancelled: AtomicU32,
    streams: AtomicU32,
}

pub struct Echo {
    counters: Arc<Counters>,
    events: Mutex<Vec<String>>,
    health: Mutex<String>,
    /// How often `initialize` has still to be called.
    steps: AtomicU32,
    steps_at_first: u32,
    initialization_error: Option<String>,
}

/// `{"refuse": "why"}` is not made, `{"millis": 9}` and `{"steps": 3}` take their time, `{"broken": "why"}` cannot be
/// initialised.
pub fn create(config: &Value) -> Result<Echo, String> {
    let text = |name: &str| config.get(name).and_then(Value::as_str).map(String::from);
    if let Some(reason) = text("refuse") {
        return Err(reason);
    }
    if let Some(reason) = text("panic") {
        panic!("{reason}");
    }
    let steps = config.get("steps").and_then(Value::as_u64).unwrap_or(0) as u32;
    if let Some(millis) = config.get("millis").and_then(Value::as_u64) {
        std::thread::sleep(Duration::from_millis(millis));
    }
    INSTANCES.fetch_add(1, Ordering::SeqCst);
    Ok(Echo {
        counters: Arc::new(Counters::default()),
        events: Mutex::new(Vec::new()),
        health: Mutex::new("healthy".to_string()),
        steps: AtomicU32::new(steps),
        steps_at_first: steps,
        initialization_error: text("broken"),
    })
}

impl Echo {
    fn event(&self, event: impl Into<String>) {
        lock(&self.events).push(event.into());
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        INSTANCES.fetch_sub(1, Ordering::SeqCst);
    }
}

impl EchoService for Echo {
    fn add(&self, _context: &CallContext, params: AddParams) -> Result<AddResult, EchoError> {
        Ok(AddResult {
            sum: params.x + params.y,
            name: params.name,
        })
    }

    fn all(&self, _context: &CallContext, params: Everything) -> Result<Everything, EchoError> {
        Ok(params)
    }

    fn count(
        &self,
        _context: &CallContext,
        params: CountParams,
    ) -> Result<Box<dyn StreamSource<CountResult, EchoError>>, EchoError> {
        if params.count > 1_000_000 {
            return Err(EchoError::TooMany {
                limit: 1_000_000,
                asked: i64::from(params.count),
            });
        }
        self.counters.streams.fetch_add(1, Ordering::SeqCst);
        Ok(Box::new(Counting {
            params,
            at: 0,
            counters: self.counters.clone(),
        }))
    }

    fn fail(&self, _context: &CallContext, params: RefusedParams) -> Result<Nothing, EchoError> {
        Err(if params.which == 0 {
            EchoError::Refused {
                reason: "not today \u{1f600}".to_string(),
            }
        } else {
            EchoError::TooMany {
                limit: params.which,
                asked: i64::MAX,
            }
        })
    }

    fn large(&self, _context: &CallContext, params: LargeParams) -> Result<LargeResult, EchoError> {
        Ok(LargeResult {
            numbers: (0..params.items).map(f64::from).collect(),
            texts: (0..params.items)
                .map(|item| format!("\u{e9}{item}"))
                .collect(),
            data: (0..params.bytes).map(|byte| byte as u8).collect(),
        })
    }

    fn nan(&self, _context: &CallContext, _params: Nothing) -> Result<AddResult, EchoError> {
        Ok(AddResult {
            sum: f64::NAN,
            name: String::new(),
        })
    }

    fn panic(&self, _context: &CallContext, params: PanicParams) -> Result<Nothing, EchoError> {
        let _held = self.events.lock();
        panic!("{}", params.message)
    }

    fn slow(&self, context: &CallContext, params: SlowParams) -> Result<Nothing, EchoError> {
        self.counters.running.fetch_add(1, Ordering::SeqCst);
        let end = Instant::now() + Duration::from_millis(u64::from(params.millis));
        let cancelled = loop {
            if !params.deaf && context.is_cancelled() {
                break true;
            }
            if Instant::now() >= end {
                break false;
            }
            std::thread::sleep(Duration::from_micros(200));
        };
        self.counters.running.fetch_sub(1, Ordering::SeqCst);
        let counter = if cancelled {
            &self.counters.cancelled
        } else {
            &self.counters.finished
        };
        counter.fetch_add(1, Ordering::SeqCst);
        Ok(Nothing {})
    }

    fn stats(&self, _context: &CallContext, _params: Nothing) -> Result<StatsResult, EchoError> {
        Ok(StatsResult {
            running: self.counters.running.load(Ordering::SeqCst),
            finished: self.counters.finished.load(Ordering::SeqCst),
            cancelled: self.counters.cancelled.load(Ordering::SeqCst),
            streams: self.counters.streams.load(Ordering::SeqCst),
            events: lock(&self.events).clone(),
        })
    }
}

struct Counting {
    params: CountParams,
    at: u32,
    counters: Arc<Counters>,
}

impl StreamSource<CountResult, EchoError> for Counting {
    fn next(&mut self, context: &CallContext) -> Option<Result<CountResult, EchoError>> {
        let at = self.at;
        self.at += 1;
        if self.params.fail_at == Some(at) {
            return Some(Err(EchoError::Refused {
                reason: format!("at {at}"),
            }));
        }
        if self.params.panic_at == Some(at) {
            panic!("at {at}");
        }
        if at == self.params.count {
            if !self.params.slow {
                return None;
            }
            // A stream that has nothing to say for now.
            self.counters.running.fetch_add(1, Ordering::SeqCst);
            while !context.is_cancelled() {
                std::thread::sleep(Duration::from_micros(200));
            }
            self.counters.running.fetch_sub(1, Ordering::SeqCst);
            self.counters.cancelled.fetch_add(1, Ordering::SeqCst);
            return None;
        }
        Some(Ok(CountResult {
            number: at,
            name: format!("\u{2116}{at}"),
        }))
    }

    fn is_ready(&self) -> bool {
        !self.params.slow
    }
}

impl Drop for Counting {
    fn drop(&mut self) {
        self.counters.streams.fetch_sub(1, Ordering::SeqCst);
    }
}

impl ManagedService for Echo {
    fn name(&self) -> &str {
        "echo"
    }

    fn health(&self) -> HealthStatus {
        match lock(&self.health).as_str() {
            "degraded" => HealthStatus::Degraded {
                reason: "told so".to_string(),
            },
            "unhealthy" => HealthStatus::Unhealthy {
                reason: "told so".to_string(),
            },
            "lost" => HealthStatus::Unhealthy {
                reason: "the data is lost".to_string(),
            },
            "panic" => panic!("health"),
            "late" => {
                std::thread::sleep(Duration::from_millis(300));
                HealthStatus::Healthy
            }
            _ => HealthStatus::Healthy,
        }
    }

    fn pressure_response(&self, level: PressureLevel) {
        self.event(format!("pressure {}", level.as_str()));
    }

    fn shed_load(&self) {
        self.event("shed");
    }

    fn heal(&self) -> bool {
        self.event("heal");
        let mut health = lock(&self.health);
        let can = !matches!(health.as_str(), "degraded" | "lost");
        if can {
            *health = "healthy".to_string();
        }
        can
    }

    fn shutdown(&self) {
        self.event("shutdown");
        if let Some(path) = std::env::var_os("OPBUS_ECHO_SHUTDOWN") {
            let _ = std::fs::OpenOptions::new()
                .create(true)
                .append(true)
                .open(path)
                .and_then(|mut file| std::io::Write::write_all(&mut file, b"shutdown\n"));
        }
    }
}

impl Lifecycle for Echo {
    fn initialize(&self) -> Result<Initialization, String> {
        if let Some(reason) = &self.initialization_error {
            return Err(reason.clone());
        }
        let left = self.steps.load(Ordering::SeqCst);
        if left == 0 {
            return Ok(Initialization::Ready);
        }
        self.steps.store(left - 1, Ordering::SeqCst);
        Ok(Initialization::Pending {
            done: 1.0 - f64::from(left) / f64::from(self.steps_at_first),
        })
    }

    fn shutdown(&self) {
        self.event("lifecycle shutdown");
    }

    fn is_initialized(&self) -> bool {
        self.steps.load(Ordering::SeqCst) == 0 && self.initialization_error.is_none()
    }
}

impl MetricsEmitter for Echo {
    fn emit_metrics(&self) -> Value {
        Value::object([(
            "finished",
            Value::from(f64::from(self.counters.finished.load(Ordering::SeqCst))),
        )])
    }

    fn metric_prefix(&self) -> &str {
        "test.echo"
    }
}

impl Configurable for Echo {
    fn get_param(&self, name: &str) -> Option<Value> {
        match name {
            "health" => Some(Value::from(lock(&self.health).as_str())),
            "instances" => Some(Value::from(f64::from(INSTANCES.load(Ordering::SeqCst)))),
            _ => None,
        }
    }

    fn set_param(&self, name: &str, value: Value) -> Result<(), String> {
        match (name, value) {
            ("health", Value::String(health)) => {
                *lock(&self.health) = health;
                Ok(())
            }
            ("health", _) => Err("health is a string".to_string()),
            _ => Err(format!("there is no parameter {name}")),
        }
    }

    fn list_params(&self) -> Vec<(&'static str, &'static str)> {
        vec![("health", "How it says that it is")]
    }
}
