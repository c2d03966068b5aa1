//! The connection to the GPUs: opened when it is needed, given up under pressure, opened anew to heal.

use super::nvml::{Figures, Nvml};
use crate::{lock, HealthStatus, PressureLevel};
use std::sync::Mutex;
use std::time::{Duration, Instant};

pub struct Manager {
    library: String,
    state: Mutex<State>,
}

struct State {
    nvml: Option<Nvml>,
    level: PressureLevel,
    last: Option<(Instant, Figures)>,
    /// A GPU that has answered once is missed when it no longer does.
    has_answered: bool,
    reads: u32,
}

impl Manager {
    pub fn new(library: String) -> Manager {
        Manager {
            library,
            state: Mutex::new(State {
                nvml: None,
                level: PressureLevel::Normal,
                last: None,
                has_answered: false,
                reads: 0,
            }),
        }
    }

    /// The figures of now; under pressure those of a moment ago, because asking wakes the GPU and takes memory.
    pub fn figures(&self) -> Result<Figures, String> {
        lock(&self.state).figures(&self.library)
    }

    pub fn health(&self) -> HealthStatus {
        let mut state = lock(&self.state);
        match state.figures(&self.library) {
            Ok(figures) if nearly_full(&figures) => HealthStatus::Degraded {
                reason: "more than 95 % of the GPU's memory is used".to_string(),
            },
            Ok(_) => HealthStatus::Healthy,
            Err(reason) if state.has_answered => HealthStatus::Unhealthy { reason },
            Err(reason) => HealthStatus::Degraded { reason },
        }
    }

    pub fn respond(&self, level: PressureLevel) {
        lock(&self.state).level = level;
    }

    /// Closes the library: the next call opens it again.
    pub fn close(&self) {
        let mut state = lock(&self.state);
        state.nvml = None;
        state.last = None;
    }

    /// Opens the library anew. Where there never was a GPU, there is nothing to heal.
    pub fn heal(&self) -> bool {
        self.close();
        let mut state = lock(&self.state);
        state.figures(&self.library).is_ok() || !state.has_answered
    }

    /// How often the GPUs were really asked, and what they said last.
    pub fn known(&self) -> (u32, Option<Figures>) {
        let state = lock(&self.state);
        (
            state.reads,
            state.last.as_ref().map(|(_, figures)| figures.clone()),
        )
    }
}

impl State {
    fn figures(&mut self, library: &str) -> Result<Figures, String> {
        if let Some((at, figures)) = &self.last {
            if at.elapsed() < keep(self.level) {
                return Ok(figures.clone());
            }
        }
        let result = self.read(library);
        match &result {
            Ok(figures) => {
                self.has_answered = true;
                self.last = Some((Instant::now(), figures.clone()));
            }
            // A driver that was replaced answers to a library that is opened anew only.
            Err(_) => {
                self.nvml = None;
                self.last = None;
            }
        }
        result
    }

    fn read(&mut self, library: &str) -> Result<Figures, String> {
        self.reads = self.reads.saturating_add(1);
        match &self.nvml {
            Some(nvml) => nvml.read(),
            None => self.nvml.insert(Nvml::open(library)?).read(),
        }
    }
}

/// For how long figures are good enough.
fn keep(level: PressureLevel) -> Duration {
    Duration::from_secs(match level {
        PressureLevel::Normal => 0,
        PressureLevel::Warning => 1,
        PressureLevel::High => 10,
        PressureLevel::Critical => 60,
    })
}

fn nearly_full(figures: &Figures) -> bool {
    figures.used_bytes > figures.total_bytes / 100 * 95
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::path::PathBuf;
    use std::process::Command;

    fn unhealthy(reason: &str) -> HealthStatus {
        HealthStatus::Unhealthy {
            reason: reason.to_string(),
        }
    }

    #[test]
    fn without_a_driver_the_reason_names_the_library_and_there_is_nothing_to_heal() {
        let manager = Manager::new("libopbus-no-such-thing.so.1".to_string());
        let reason = "no NVIDIA driver was found: libopbus-no-such-thing.so.1 cannot be loaded";
        assert_eq!(manager.figures(), Err(reason.to_string()));
        assert_eq!(
            manager.health(),
            HealthStatus::Degraded {
                reason: reason.to_string()
            }
        );
        assert!(manager.heal());
        // A library that is there, but another one.
        let other = if cfg!(target_os = "macos") {
            "libSystem.dylib"
        } else {
            "libc.so.6"
        };
        let manager = Manager::new(other.to_string());
        assert_eq!(
            manager.figures(),
            Err("the NVIDIA driver lacks nvmlInit_v2".to_string())
        );
    }

    /// One test, because the stand-in is told what to say by the environment of the process.
    #[test]
    fn figures_of_a_library_that_says_what_a_file_says() {
        let folder = std::env::temp_dir().join(format!("opbus-nvml-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let source = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/nvml/standin.rs");
        let library = folder.join("libstandin.so");
        let status = Command::new("rustc")
            .args([
                "--edition",
                "2021",
                "--crate-type",
                "cdylib",
                "--crate-name",
                "standin",
                "-Cpanic=abort",
                "-o",
            ])
            .arg(&library)
            .arg(&source)
            .status()
            .unwrap();
        assert!(status.success());
        let file = folder.join("figures");
        std::env::set_var("OPBUS_NVML_STANDIN", &file);
        let say = |text: &str| std::fs::write(&file, text).unwrap();
        let manager = Manager::new(library.to_str().unwrap().to_string());
        let figures = |name: &str, total_bytes, used_bytes| Figures {
            name: name.to_string(),
            total_bytes,
            used_bytes,
        };

        say("init 9\n");
        assert_eq!(
            manager.figures(),
            Err("the NVIDIA driver does not answer: nvmlInit_v2 gave 9".to_string())
        );
        assert!(matches!(manager.health(), HealthStatus::Degraded { .. }));
        say("init 0\n");
        assert_eq!(
            manager.figures(),
            Err("the NVIDIA driver finds no GPU".to_string())
        );
        say("init 0\n1000 250 0 Stand In 1\n");
        assert_eq!(manager.figures(), Ok(figures("Stand In 1", 1000, 250)));
        assert_eq!(manager.health(), HealthStatus::Healthy);
        say("init 0\n1000 960 0 Stand In 1\n");
        assert!(matches!(manager.health(), HealthStatus::Degraded { .. }));
        say("init 0\n1000 1 0 A\n3000 2 0 A\n");
        assert_eq!(manager.figures(), Ok(figures("2 x A", 4000, 3)));
        say("init 0\n1000 1 0 A\n3000 2 0 B\n");
        assert_eq!(manager.figures(), Ok(figures("A, B", 4000, 3)));

        // Under pressure what is known is good enough; shedding forgets it.
        manager.respond(PressureLevel::Critical);
        say("init 0\n1000 7 0 A\n");
        assert_eq!(manager.figures(), Ok(figures("A, B", 4000, 3)));
        manager.close();
        assert_eq!(manager.figures(), Ok(figures("A", 1000, 7)));
        manager.respond(PressureLevel::Normal);
        say("init 0\n1000 8 0 A\n");
        assert_eq!(manager.figures(), Ok(figures("A", 1000, 8)));

        // A GPU that falls off the bus makes it unhealthy until it is back.
        say("init 0\n1000 8 15 A\n");
        let lost = "the NVIDIA driver does not answer: nvmlDeviceGetMemoryInfo gave 15";
        assert_eq!(manager.health(), unhealthy(lost));
        assert!(!manager.heal());
        say("init 0\n1000 9 0 A\n");
        assert!(manager.heal());
        assert_eq!(manager.health(), HealthStatus::Healthy);
        drop(manager);
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
