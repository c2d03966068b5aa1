//! The pool: models within a budget, under pressure, and back from their source.
//!
//! **Invariants**
//!
//! - `used` counts the bytes of every model from before its memory is asked for until after it has been given back, so
//!   that what the process really occupies never passes the budget.
//! - One model is loaded at a time: two loads never both see the room that is enough for one.
//! - A model that is active is unloaded by name only.

use super::content::{self, Reader, BLOCK};
use super::pages::Pages;
use crate::generated::model_pool::{ModelKind, ModelSource, SourceProblem};
use crate::{lock, HealthStatus, PressureLevel};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, RwLock};
use std::time::Duration;

/// A model that is in memory.
pub struct Model {
    pub id: String,
    pub kind: ModelKind,
    pub source: ModelSource,
    pub blocks: Vec<u32>,
    pub checksum: u32,
    pub active: AtomicBool,
    pub uses: AtomicU32,
    used_at: AtomicU64,
    // Dropped in this order: the memory goes before it stops being counted.
    pages: RwLock<Pages>,
    charge: Charge,
}

/// Why a model is not loaded.
#[derive(Debug, PartialEq, Eq)]
pub enum LoadRefusal {
    Budget {
        requested: u64,
        available: u64,
        budget: u64,
    },
    Conflict,
    Pressure(PressureLevel),
    Unreadable(SourceProblem),
    Cancelled,
}

/// Why a model is not unloaded.
#[derive(Debug, PartialEq, Eq)]
pub enum UnloadRefusal {
    NotFound,
    Active,
}

/// Why a model gives no answer.
#[derive(Debug, PartialEq, Eq)]
pub enum InferRefusal {
    NotFound,
    Pressure(PressureLevel),
}

pub struct Loaded {
    pub model: Arc<Model>,
    pub unloaded: Vec<String>,
    pub loaded: bool,
}

pub struct Settings {
    pub budget: u64,
    pub folder: Option<PathBuf>,
    /// What has to be in memory for the pool to be healthy.
    pub required: Vec<(String, ModelSource)>,
    /// How many blocks are compared with their checksums whenever the pool is asked how it is.
    pub verify_blocks: u32,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Counters {
    pub loads: u32,
    pub refusals: u32,
    pub unloads: u32,
    pub restored: u32,
}

pub struct Pool {
    folder: Option<PathBuf>,
    required: Vec<(String, ModelSource)>,
    budget: AtomicU64,
    verify_blocks: AtomicU32,
    used: Arc<AtomicU64>,
    clock: AtomicU64,
    state: Mutex<State>,
    loading: Mutex<bool>,
    load_ended: Condvar,
}

struct State {
    level: PressureLevel,
    models: BTreeMap<String, Arc<Model>>,
    /// Models that were found to differ from their checksums.
    damaged: BTreeSet<String>,
    counters: Counters,
    /// The block that was compared last.
    cursor: (String, usize),
}

/// Bytes that count as used until this is dropped.
struct Charge {
    used: Arc<AtomicU64>,
    bytes: u64,
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.used.fetch_sub(self.bytes, Ordering::SeqCst);
    }
}

/// The right to load: one call at a time has it.
struct Turn<'a>(&'a Pool);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        *lock(&self.0.loading) = false;
        self.0.load_ended.notify_one();
    }
}

impl Model {
    pub fn bytes(&self) -> u64 {
        self.charge.bytes
    }

    pub fn with_bytes<T>(&self, read: impl FnOnce(&[u8]) -> T) -> T {
        match self.pages.read() {
            Ok(pages) => read(&pages),
            Err(poisoned) => read(&poisoned.into_inner()),
        }
    }

    fn with_bytes_mut<T>(&self, write: impl FnOnce(&mut [u8]) -> T) -> T {
        match self.pages.write() {
            Ok(mut pages) => write(&mut pages),
            Err(poisoned) => write(&mut poisoned.into_inner()),
        }
    }

    /// The checksum of a block as it is now.
    pub fn block(&self, block: usize) -> u32 {
        self.with_bytes(|bytes| content::block_checksum(slice(bytes, block)))
    }

    fn is_idle_adapter(&self) -> bool {
        self.kind == ModelKind::Adapter && !self.active.load(Ordering::Relaxed)
    }
}

impl Pool {
    pub fn new(settings: Settings) -> Pool {
        Pool {
            folder: settings.folder,
            required: settings.required,
            budget: AtomicU64::new(settings.budget),
            verify_blocks: AtomicU32::new(settings.verify_blocks),
            used: Arc::new(AtomicU64::new(0)),
            clock: AtomicU64::new(0),
            state: Mutex::new(State {
                level: PressureLevel::Normal,
                models: BTreeMap::new(),
                damaged: BTreeSet::new(),
                counters: Counters::default(),
                cursor: (String::new(), 0),
            }),
            loading: Mutex::new(false),
            load_ended: Condvar::new(),
        }
    }

    pub fn load(
        &self,
        id: &str,
        source: &ModelSource,
        kind: ModelKind,
        make_room: bool,
        is_cancelled: &dyn Fn() -> bool,
    ) -> Result<Loaded, LoadRefusal> {
        let _turn = self.turn(is_cancelled).ok_or(LoadRefusal::Cancelled)?;
        let result = self.load_in_turn(id, source, kind, make_room, true, is_cancelled);
        if matches!(
            result,
            Err(LoadRefusal::Budget { .. }) | Err(LoadRefusal::Pressure(_))
        ) {
            lock(&self.state).counters.refusals += 1;
        }
        result
    }

    /// `heeds_pressure` is false for what the pool restores by itself when it is asked to heal.
    fn load_in_turn(
        &self,
        id: &str,
        source: &ModelSource,
        kind: ModelKind,
        make_room: bool,
        heeds_pressure: bool,
        is_cancelled: &dyn Fn() -> bool,
    ) -> Result<Loaded, LoadRefusal> {
        {
            let state = lock(&self.state);
            if let Some(model) = state.models.get(id) {
                if model.source != *source {
                    return Err(LoadRefusal::Conflict);
                }
                self.touch(model);
                let model = Arc::clone(model);
                return Ok(Loaded {
                    model,
                    unloaded: Vec::new(),
                    loaded: false,
                });
            }
            if heeds_pressure && state.level >= PressureLevel::Warning {
                return Err(LoadRefusal::Pressure(state.level));
            }
        }
        let mut reader =
            Reader::open(source, self.folder.as_deref()).map_err(LoadRefusal::Unreadable)?;
        let bytes = reader.bytes();
        let unloaded = if make_room {
            self.make_room(bytes)
        } else {
            Vec::new()
        };
        let charge = self.charge(bytes)?;
        let (pages, blocks) = materialise(&mut reader, is_cancelled)?;
        let model = Arc::new(Model {
            id: id.to_string(),
            kind,
            source: source.clone(),
            checksum: content::checksum(&blocks),
            blocks,
            active: AtomicBool::new(false),
            uses: AtomicU32::new(0),
            used_at: AtomicU64::new(0),
            pages: RwLock::new(pages),
            charge,
        });
        self.touch(&model);
        let mut state = lock(&self.state);
        // What began when memory was plenty does not stay when it has become short meanwhile.
        if heeds_pressure && state.level >= PressureLevel::High {
            return Err(LoadRefusal::Pressure(state.level));
        }
        state.models.insert(id.to_string(), Arc::clone(&model));
        state.counters.loads += 1;
        Ok(Loaded {
            model,
            unloaded,
            loaded: true,
        })
    }

    pub fn unload(&self, id: &str, force: bool) -> Result<u64, UnloadRefusal> {
        let mut state = lock(&self.state);
        let model = state.models.get(id).ok_or(UnloadRefusal::NotFound)?;
        if model.active.load(Ordering::Relaxed) && !force {
            return Err(UnloadRefusal::Active);
        }
        let bytes = model.bytes();
        state.remove(id);
        Ok(bytes)
    }

    /// Whether it has neither been unloaded nor loaded anew.
    pub fn is_current(&self, model: &Arc<Model>) -> bool {
        lock(&self.state).is_current(model)
    }

    pub fn get(&self, id: &str) -> Option<Arc<Model>> {
        lock(&self.state).models.get(id).cloned()
    }

    pub fn activate(&self, id: &str, active: bool) -> Option<Arc<Model>> {
        let state = lock(&self.state);
        let model = state.models.get(id)?;
        model.active.store(active, Ordering::Relaxed);
        self.touch(model);
        Some(Arc::clone(model))
    }

    pub fn infer(
        &self,
        id: &str,
        prompt: &str,
        tokens: u32,
    ) -> Result<(Vec<u32>, u32), InferRefusal> {
        let model = {
            let state = lock(&self.state);
            if state.level == PressureLevel::Critical {
                return Err(InferRefusal::Pressure(state.level));
            }
            Arc::clone(state.models.get(id).ok_or(InferRefusal::NotFound)?)
        };
        model.uses.fetch_add(1, Ordering::Relaxed);
        self.touch(&model);
        Ok(model.with_bytes(|bytes| content::infer(bytes, prompt, tokens)))
    }

    pub fn overwrite(&self, id: &str, offset: u64, data: &[u8]) -> Option<u32> {
        let model = self.get(id)?;
        Some(model.with_bytes_mut(|bytes| {
            let from = offset.min(bytes.len() as u64) as usize;
            let count = data.len().min(bytes.len() - from);
            bytes[from..from + count].copy_from_slice(&data[..count]);
            count as u32
        }))
    }

    /// In the order of their names.
    pub fn models(&self) -> Vec<Arc<Model>> {
        lock(&self.state).models.values().cloned().collect()
    }

    pub fn level(&self) -> PressureLevel {
        lock(&self.state).level
    }

    pub fn counters(&self) -> Counters {
        lock(&self.state).counters
    }

    pub fn used(&self) -> u64 {
        self.used.load(Ordering::SeqCst)
    }

    pub fn budget(&self) -> u64 {
        self.budget.load(Ordering::SeqCst)
    }

    pub fn verify_blocks(&self) -> u32 {
        self.verify_blocks.load(Ordering::Relaxed)
    }

    pub fn set_verify_blocks(&self, blocks: u32) {
        self.verify_blocks.store(blocks, Ordering::Relaxed);
    }

    /// A smaller budget makes idle adapters go; what is in use stays, and nothing comes before there is room.
    pub fn set_budget(&self, bytes: u64) {
        self.budget.store(bytes, Ordering::SeqCst);
        if self.used() > bytes {
            self.unload_idle_until(bytes);
        }
    }

    pub fn respond(&self, level: PressureLevel) {
        let mut state = lock(&self.state);
        state.level = level;
        if level >= PressureLevel::High {
            state.remove_all(Model::is_idle_adapter);
        }
    }

    /// Unloads all that nobody uses.
    pub fn shed(&self) {
        lock(&self.state).remove_all(|model| !model.active.load(Ordering::Relaxed));
    }

    pub fn clear(&self) {
        lock(&self.state).remove_all(|_| true);
    }

    /// How many of the required models are in memory, and how many there are.
    pub fn required(&self) -> (usize, usize) {
        let state = lock(&self.state);
        let there = self
            .required
            .iter()
            .filter(|(id, _)| state.models.contains_key(id))
            .count();
        (there, self.required.len())
    }

    /// Loads the next required model that is not in memory; `false` when there is none.
    pub fn load_next_required(&self) -> Result<bool, String> {
        let missing = {
            let state = lock(&self.state);
            self.required
                .iter()
                .find(|(id, _)| !state.models.contains_key(id))
        };
        let (id, source) = match missing {
            None => return Ok(false),
            Some(missing) => missing,
        };
        let _turn = self.turn(&|| false);
        match self.load_in_turn(id, source, ModelKind::Base, false, false, &|| false) {
            Ok(_) => Ok(true),
            Err(refusal) => Err(format!(
                "the base model \"{}\" cannot be loaded: {}",
                id,
                explain(&refusal)
            )),
        }
    }

    pub fn health(&self) -> HealthStatus {
        self.sample();
        let state = lock(&self.state);
        if !state.damaged.is_empty() {
            let names: Vec<&str> = state.damaged.iter().map(String::as_str).collect();
            let reason = format!("damaged: {}", names.join(", "));
            return HealthStatus::Unhealthy { reason };
        }
        let missing = self
            .required
            .iter()
            .find(|(id, _)| !state.models.contains_key(id));
        if let Some((id, _)) = missing {
            let reason = format!("the base model \"{}\" is not in memory", id);
            return if state.level == PressureLevel::Normal {
                HealthStatus::Unhealthy { reason }
            } else {
                HealthStatus::Degraded { reason }
            };
        }
        if state.level == PressureLevel::Critical {
            let reason = "closed while memory is critical".to_string();
            return HealthStatus::Degraded { reason };
        }
        let (used, budget) = (self.used(), self.budget());
        if used.saturating_mul(10) > budget.saturating_mul(9) {
            let reason = format!(
                "{} % of the budget is used",
                used.saturating_mul(100) / budget
            );
            return HealthStatus::Degraded { reason };
        }
        HealthStatus::Healthy
    }

    /// Restores every block that differs from its checksum, and every required model that is gone.
    pub fn heal(&self) -> bool {
        let mut healed = true;
        for model in self.models() {
            match self.restore(&model) {
                Ok(restored) => {
                    let mut state = lock(&self.state);
                    state.damaged.remove(&model.id);
                    if restored {
                        state.counters.restored += 1;
                    }
                }
                Err(_) if lock(&self.state).is_current(&model) => {
                    lock(&self.state).damaged.insert(model.id.clone());
                    healed = false;
                }
                // It was unloaded meanwhile.
                Err(_) => {}
            }
        }
        while self.level() == PressureLevel::Normal {
            match self.load_next_required() {
                Ok(true) => lock(&self.state).counters.restored += 1,
                Ok(false) => break,
                Err(_) => return false,
            }
        }
        healed
    }

    /// Whether anything had to be restored.
    fn restore(&self, model: &Model) -> Result<bool, SourceProblem> {
        let bad: Vec<usize> = (0..model.blocks.len())
            .filter(|block| model.block(*block) != model.blocks[*block])
            .collect();
        if bad.is_empty() {
            return Ok(false);
        }
        let mut reader = Reader::open(&model.source, self.folder.as_deref())?;
        if reader.bytes() != model.bytes() {
            return Err(SourceProblem::Unreadable);
        }
        let mut fresh = vec![0; BLOCK];
        for block in bad {
            let length = model.with_bytes(|bytes| slice(bytes, block).len());
            reader.fill(block, &mut fresh[..length])?;
            // A source that has changed does not give back the model that was loaded.
            if content::block_checksum(&fresh[..length]) != model.blocks[block] {
                return Err(SourceProblem::Unreadable);
            }
            model.with_bytes_mut(|bytes| {
                bytes[block * BLOCK..block * BLOCK + length].copy_from_slice(&fresh[..length]);
            });
        }
        Ok(true)
    }

    /// Compares the next few blocks with their checksums, going round over all models.
    fn sample(&self) {
        let (models, mut cursor) = {
            let state = lock(&self.state);
            (
                state.models.values().cloned().collect::<Vec<_>>(),
                state.cursor.clone(),
            )
        };
        let total: usize = models.iter().map(|model| model.blocks.len()).sum();
        let mut damaged = Vec::new();
        for _ in 0..total.min(self.verify_blocks() as usize) {
            let (model, block) = after(&models, &cursor);
            cursor = (model.id.clone(), block);
            if model.block(block) != model.blocks[block] {
                damaged.push(model);
            }
        }
        let mut state = lock(&self.state);
        state.cursor = cursor;
        for model in damaged {
            if state.is_current(model) {
                state.damaged.insert(model.id.clone());
            }
        }
    }

    fn turn(&self, is_cancelled: &dyn Fn() -> bool) -> Option<Turn<'_>> {
        let mut loading = lock(&self.loading);
        while *loading {
            if is_cancelled() {
                return None;
            }
            loading = match self
                .load_ended
                .wait_timeout(loading, Duration::from_millis(20))
            {
                Ok((guard, _)) => guard,
                Err(poisoned) => poisoned.into_inner().0,
            };
        }
        *loading = true;
        Some(Turn(self))
    }

    fn charge(&self, bytes: u64) -> Result<Charge, LoadRefusal> {
        let budget = self.budget();
        let taken = self
            .used
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |used| {
                used.checked_add(bytes).filter(|sum| *sum <= budget)
            });
        match taken {
            Ok(_) => Ok(Charge {
                used: Arc::clone(&self.used),
                bytes,
            }),
            Err(used) => Err(LoadRefusal::Budget {
                requested: bytes,
                available: budget.saturating_sub(used),
                budget,
            }),
        }
    }

    /// Unloads idle adapters for a model of this size, or none of them if all would not be enough.
    fn make_room(&self, bytes: u64) -> Vec<String> {
        let idle: u64 = lock(&self.state)
            .models
            .values()
            .filter(|model| model.is_idle_adapter())
            .map(|model| model.bytes())
            .sum();
        let (used, budget) = (self.used(), self.budget());
        match budget.checked_sub(bytes) {
            Some(target) if used.saturating_sub(idle) <= target => self.unload_idle_until(target),
            _ => Vec::new(),
        }
    }

    /// Those that were used longest ago go first.
    fn unload_idle_until(&self, target: u64) -> Vec<String> {
        let mut state = lock(&self.state);
        let mut idle: Vec<Arc<Model>> = state
            .models
            .values()
            .filter(|model| model.is_idle_adapter())
            .cloned()
            .collect();
        idle.sort_by_key(|model| model.used_at.load(Ordering::Relaxed));
        let mut gone = Vec::new();
        for model in idle {
            if self.used() <= target {
                break;
            }
            gone.push(model.id.clone());
            state.remove(&model.id);
            drop(model);
        }
        gone
    }

    fn touch(&self, model: &Model) {
        model.used_at.store(
            self.clock.fetch_add(1, Ordering::Relaxed) + 1,
            Ordering::Relaxed,
        );
    }
}

impl State {
    fn is_current(&self, model: &Arc<Model>) -> bool {
        self.models
            .get(&model.id)
            .map_or(false, |now| Arc::ptr_eq(now, model))
    }

    fn remove(&mut self, id: &str) {
        if self.models.remove(id).is_some() {
            self.damaged.remove(id);
            self.counters.unloads += 1;
        }
    }

    fn remove_all(&mut self, which: impl Fn(&Model) -> bool) {
        let ids: Vec<String> = self
            .models
            .values()
            .filter(|model| which(model))
            .map(|model| model.id.clone())
            .collect();
        for id in ids {
            self.remove(&id);
        }
    }
}

/// The block behind the cursor; behind the last one comes the first again. There is at least one.
fn after<'a>(models: &'a [Arc<Model>], cursor: &(String, usize)) -> (&'a Arc<Model>, usize) {
    let (id, block) = cursor;
    models
        .iter()
        .find_map(|model| match model.id.cmp(id) {
            std::cmp::Ordering::Equal if block + 1 < model.blocks.len() => Some((model, block + 1)),
            std::cmp::Ordering::Greater => Some((model, 0)),
            _ => None,
        })
        .unwrap_or((&models[0], 0))
}

fn slice(bytes: &[u8], block: usize) -> &[u8] {
    &bytes[block * BLOCK..bytes.len().min((block + 1) * BLOCK)]
}

fn materialise(
    reader: &mut Reader,
    is_cancelled: &dyn Fn() -> bool,
) -> Result<(Pages, Vec<u32>), LoadRefusal> {
    let no_memory = LoadRefusal::Unreadable(SourceProblem::NoMemory);
    let mut pages = match usize::try_from(reader.bytes()).ok().and_then(Pages::new) {
        Some(pages) => pages,
        None => return Err(no_memory),
    };
    let mut blocks = Vec::with_capacity(pages.len() / BLOCK + 1);
    for (number, block) in pages.chunks_mut(BLOCK).enumerate() {
        if is_cancelled() {
            return Err(LoadRefusal::Cancelled);
        }
        reader
            .fill(number, block)
            .map_err(LoadRefusal::Unreadable)?;
        blocks.push(content::block_checksum(block));
    }
    Ok((pages, blocks))
}

fn explain(refusal: &LoadRefusal) -> &'static str {
    match refusal {
        LoadRefusal::Budget { .. } => "it does not fit into the budget",
        LoadRefusal::Conflict => "another model has its name",
        LoadRefusal::Pressure(_) => "memory is short",
        LoadRefusal::Cancelled => "nobody waits for it",
        LoadRefusal::Unreadable(SourceProblem::NotConfigured) => {
            "no folder of models is configured"
        }
        LoadRefusal::Unreadable(SourceProblem::NotAllowed) => {
            "its file is not in the folder of models"
        }
        LoadRefusal::Unreadable(SourceProblem::Missing) => "there is no such file",
        LoadRefusal::Unreadable(SourceProblem::Unreadable) => "its file cannot be read",
        LoadRefusal::Unreadable(SourceProblem::Empty) => "its file has no bytes",
        LoadRefusal::Unreadable(SourceProblem::NoMemory) => "the system has no memory left",
    }
}
