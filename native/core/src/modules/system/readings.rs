//! The readings of the memory pressure, and what they mean.

use super::memory::{self, Figures, From};
use crate::generated::system::{MemorySource, PressureReading, PressureThresholds};
use crate::{lock, HealthStatus, PressureLevel};
use std::collections::VecDeque;
use std::sync::Mutex;

/// As `PressureDispatcher` has it: percent of the last ten seconds.
const STALL: PressureThresholds = PressureThresholds {
    warning: 10.0,
    high: 30.0,
    critical: 60.0,
};

const LARGEST: f64 = 9_007_199_254_740_991.0;

pub struct Readings {
    root: String,
    state: Mutex<State>,
}

struct State {
    thresholds: PressureThresholds,
    /// How many readings are kept when there is memory for them.
    history: usize,
    level: PressureLevel,
    sequence: u32,
    kept: VecDeque<PressureReading>,
}

impl Readings {
    pub fn new(root: String, thresholds: PressureThresholds, history: usize) -> Readings {
        Readings {
            root,
            state: Mutex::new(State {
                thresholds,
                history,
                level: PressureLevel::Normal,
                sequence: 0,
                kept: VecDeque::new(),
            }),
        }
    }

    /// Reads, and remembers what was read.
    pub fn read(&self, thresholds: Option<PressureThresholds>) -> Result<PressureReading, String> {
        let figures = memory::read(&self.root).map_err(|file| unreadable(&file))?;
        let mut state = lock(&self.state);
        state.sequence = state.sequence.wrapping_add(1);
        let thresholds = thresholds.as_ref().unwrap_or(&state.thresholds);
        let reading = PressureReading {
            sequence: state.sequence,
            source: source(&figures),
            level: level(&figures, thresholds),
            ratio: figures.ratio(),
            used_bytes: bytes(figures.used),
            limit_bytes: bytes(figures.limit),
            stall: figures.stall,
        };
        state.kept.push_front(reading.clone());
        state.trim();
        Ok(reading)
    }

    /// The newest first.
    pub fn newest(&self, limit: usize) -> Vec<PressureReading> {
        lock(&self.state).kept.iter().take(limit).cloned().collect()
    }

    pub fn health(&self) -> HealthStatus {
        match memory::read(&self.root) {
            Ok(_) => HealthStatus::Healthy,
            Err(file) => HealthStatus::Unhealthy {
                reason: unreadable(&file),
            },
        }
    }

    pub fn respond(&self, level: PressureLevel) {
        let mut state = lock(&self.state);
        state.level = level;
        state.trim();
    }

    pub fn forget(&self) {
        lock(&self.state).kept.clear();
    }

    /// Nothing is repaired here: the files are the system's. It is healed when they can be read again.
    pub fn heal(&self) -> bool {
        memory::read(&self.root).is_ok()
    }

    pub fn thresholds(&self) -> PressureThresholds {
        lock(&self.state).thresholds.clone()
    }

    pub fn set_thresholds(&self, thresholds: PressureThresholds) {
        lock(&self.state).thresholds = thresholds;
    }

    pub fn history(&self) -> usize {
        lock(&self.state).history
    }

    pub fn set_history(&self, history: usize) {
        let mut state = lock(&self.state);
        state.history = history;
        state.trim();
    }

    /// How many readings there were, and how many are kept.
    pub fn counts(&self) -> (u32, usize) {
        let state = lock(&self.state);
        (state.sequence, state.kept.len())
    }
}

impl State {
    fn trim(&mut self) {
        let room = match self.level {
            PressureLevel::Normal => self.history,
            PressureLevel::Warning => self.history / 2,
            PressureLevel::High => 1,
            PressureLevel::Critical => 0,
        };
        self.kept.truncate(room);
        if self.level >= PressureLevel::High {
            self.kept.shrink_to_fit();
        }
    }
}

/// As the TypeScript implementation says it as well.
fn unreadable(file: &str) -> String {
    format!("how much memory is in use cannot be read from {}", file)
}

fn source(figures: &Figures) -> MemorySource {
    match figures.from {
        From::Cgroup2 => MemorySource::Cgroup2,
        From::Cgroup1 => MemorySource::Cgroup1,
        From::Meminfo => MemorySource::Meminfo,
    }
}

fn level(figures: &Figures, usage: &PressureThresholds) -> PressureLevel {
    let by_stall = figures
        .stall
        .map_or(PressureLevel::Normal, |stall| reached(stall, &STALL));
    reached(figures.ratio(), usage).max(by_stall)
}

/// The highest level whose border is reached.
fn reached(value: f64, borders: &PressureThresholds) -> PressureLevel {
    if value >= borders.critical {
        PressureLevel::Critical
    } else if value >= borders.high {
        PressureLevel::High
    } else if value >= borders.warning {
        PressureLevel::Warning
    } else {
        PressureLevel::Normal
    }
}

/// A file can claim more than any machine has.
fn bytes(number: f64) -> u64 {
    number.min(LARGEST) as u64
}
