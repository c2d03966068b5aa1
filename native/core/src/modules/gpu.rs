//! The service `gpu`: what the GPUs of this machine say, and what the other services of this process use of them.
//!
//! A service that works on a GPU says so in its metrics: `subsystems.<name>` with `budgetMb`, `usedMb` and `consumers`.

mod manager;
mod nvml;

use crate::generated::gpu::*;
use manager::Manager;
use opbus_core::{
    registry, CallContext, HealthStatus, ManagedService, MetricsEmitter, PressureLevel, Value,
};

const MB: f64 = 1_048_576.0;

/// What the service owns: the connection to the driver.
pub struct Gpu {
    manager: Manager,
}

/// Makes the service; `Err` says in one line why that is not possible.
pub fn create(config: &Value) -> Result<Gpu, String> {
    let fields = config.as_object().ok_or("the config of gpu is an object")?;
    if let Some((name, _)) = fields.iter().find(|(name, _)| name != "library") {
        return Err(format!("gpu has no setting \"{}\"; it has library", name));
    }
    let library = match config.get("library") {
        None => nvml::LIBRARY,
        Some(library) => library
            .as_str()
            .ok_or("library is the path or name of a library")?,
    };
    Ok(Gpu {
        manager: Manager::new(library.to_string()),
    })
}

impl ManagedService for Gpu {
    fn name(&self) -> &str {
        "gpu"
    }

    fn health(&self) -> HealthStatus {
        self.manager.health()
    }

    /// The scarcer memory is, the longer known figures are good enough: 1, 10 and 60 seconds.
    fn pressure_response(&self, level: PressureLevel) {
        self.manager.respond(level);
    }

    /// Closes the driver's library; the next call opens it again.
    fn shed_load(&self) {
        self.manager.close();
    }

    fn heal(&self) -> bool {
        self.manager.heal()
    }

    fn shutdown(&self) {
        self.manager.close();
    }
}

impl MetricsEmitter for Gpu {
    fn emit_metrics(&self) -> Value {
        let (reads, last) = self.manager.known();
        let (total, used) = last.map_or((0.0, 0.0), |figures| {
            (figures.total_bytes as f64, figures.used_bytes as f64)
        });
        Value::object(vec![
            ("reads", Value::Number(f64::from(reads))),
            ("totalVramMb", Value::Number(total / MB)),
            ("usedVramMb", Value::Number(used / MB)),
        ])
    }

    fn metric_prefix(&self) -> &str {
        "gpu"
    }
}

impl GpuService for Gpu {
    fn stats(
        &self,
        _context: &CallContext,
        params: GpuStatsParams,
    ) -> Result<GpuStatsResult, GpuStatsError> {
        let figures = self
            .manager
            .figures()
            .map_err(|reason| GpuStatsError::GpuUnavailable { reason })?;
        let services = registry::metrics();
        let of = |subsystem: GpuStatsSubsystem| match params.subsystem {
            Some(wanted) if wanted != subsystem => subsystem_info(&[], subsystem),
            _ => subsystem_info(&services, subsystem),
        };
        Ok(GpuStatsResult {
            gpu_name: figures.name,
            total_vram_mb: figures.total_bytes as f64 / MB,
            pressure: if figures.total_bytes == 0 {
                0.0
            } else {
                figures.used_bytes as f64 / figures.total_bytes as f64
            },
            rendering: of(GpuStatsSubsystem::Rendering),
            inference: of(GpuStatsSubsystem::Inference),
            tts: of(GpuStatsSubsystem::Tts),
        })
    }
}

/// What all services together say of a subsystem.
fn subsystem_info(services: &[(String, Value)], subsystem: GpuStatsSubsystem) -> SubsystemInfo {
    let figures = services
        .iter()
        .filter_map(|(_, metrics)| metrics.get("subsystems")?.get(subsystem.as_str()));
    let mut info = SubsystemInfo {
        budget_mb: 0.0,
        used_mb: 0.0,
        consumers: 0.0,
    };
    for figure in figures {
        let number = |name: &str| figure.get(name).and_then(Value::as_f64).unwrap_or(0.0);
        info.budget_mb += number("budgetMb");
        info.used_mb += number("usedMb");
        info.consumers += number("consumers");
    }
    info
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_of_subsystems_are_added_up_over_services() {
        let metrics = |used: f64| {
            let inference = Value::object(vec![
                ("budgetMb", Value::Number(64.0)),
                ("usedMb", Value::Number(used)),
            ]);
            Value::object(vec![(
                "subsystems",
                Value::object(vec![("inference", inference)]),
            )])
        };
        let services = vec![
            ("a".to_string(), metrics(20.0)),
            ("b".to_string(), metrics(0.5)),
            (
                "c".to_string(),
                Value::object(vec![("subsystems", Value::from("nonsense"))]),
            ),
            ("d".to_string(), Value::Null),
        ];
        let expected = SubsystemInfo {
            budget_mb: 128.0,
            used_mb: 20.5,
            consumers: 0.0,
        };
        assert_eq!(
            subsystem_info(&services, GpuStatsSubsystem::Inference),
            expected
        );
        let nothing = SubsystemInfo {
            budget_mb: 0.0,
            used_mb: 0.0,
            consumers: 0.0,
        };
        assert_eq!(subsystem_info(&services, GpuStatsSubsystem::Tts), nothing);
    }

    #[test]
    fn a_config_that_is_not_understood_is_refused_with_a_reason() {
        let config = Value::object(vec![("libary", Value::from("x"))]);
        assert_eq!(
            create(&config).err(),
            Some("gpu has no setting \"libary\"; it has library".to_string())
        );
        assert!(create(&Value::Null).is_err());
    }
}
