//! The service `model-pool`: models within a budget of memory.
//!
//! This file is the way from the spec to [`pool::Pool`], which does the work.

mod config;
mod content;
mod pages;
mod pool;
#[cfg(test)]
mod tests;

use crate::generated::model_pool::*;
use opbus_core::{
    CallContext, Configurable, HealthStatus, Initialization, Lifecycle, ManagedService,
    MetricsEmitter, PressureLevel, StreamSource, Value,
};
use pool::{InferRefusal, LoadRefusal, Model, Pool, UnloadRefusal};
use std::convert::TryFrom;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

const LONGEST_READ: usize = 1 << 20;

/// What the service owns.
pub struct ModelPool {
    pool: Arc<Pool>,
    initialized: AtomicBool,
}

/// Makes the service; `Err` says in one line why that is not possible.
pub fn create(config: &Value) -> Result<ModelPool, String> {
    Ok(ModelPool {
        pool: Arc::new(Pool::new(config::settings(config)?)),
        initialized: AtomicBool::new(false),
    })
}

impl ManagedService for ModelPool {
    fn name(&self) -> &str {
        "model-pool"
    }

    fn health(&self) -> HealthStatus {
        self.pool.health()
    }

    /// Warning: no new models. High: idle adapters go. Critical: nothing is asked either.
    fn pressure_response(&self, level: PressureLevel) {
        self.pool.respond(level);
    }

    /// Unloads all that nobody uses.
    fn shed_load(&self) {
        self.pool.shed();
    }

    /// Restores damaged models from their source, and loads required ones that are gone.
    fn heal(&self) -> bool {
        self.pool.heal()
    }

    fn shutdown(&self) {
        self.pool.clear();
        self.initialized.store(false, Ordering::Relaxed);
    }
}

impl Lifecycle for ModelPool {
    /// One required model at a time.
    fn initialize(&self) -> Result<Initialization, String> {
        self.pool.load_next_required()?;
        let (there, wanted) = self.pool.required();
        if there < wanted {
            return Ok(Initialization::Pending {
                done: there as f64 / wanted as f64,
            });
        }
        self.initialized.store(true, Ordering::Relaxed);
        Ok(Initialization::Ready)
    }

    fn shutdown(&self) {
        ManagedService::shutdown(self);
    }

    fn is_initialized(&self) -> bool {
        self.initialized.load(Ordering::Relaxed)
    }
}

impl MetricsEmitter for ModelPool {
    /// `subsystems.inference` is what `gpu/stats` shows.
    fn emit_metrics(&self) -> Value {
        let models = self.pool.models();
        let counters = self.pool.counters();
        let active = models
            .iter()
            .filter(|model| model.active.load(Ordering::Relaxed))
            .count();
        let mb = |bytes: u64| Value::Number(bytes as f64 / config::MB as f64);
        let count = |number: u32| Value::Number(f64::from(number));
        let inference = Value::object(vec![
            ("budgetMb", mb(self.pool.budget())),
            ("usedMb", mb(self.pool.used())),
            ("consumers", Value::Number(active as f64)),
        ]);
        Value::object(vec![
            ("budgetBytes", Value::Number(self.pool.budget() as f64)),
            ("usedBytes", Value::Number(self.pool.used() as f64)),
            ("models", Value::Number(models.len() as f64)),
            ("active", Value::Number(active as f64)),
            ("loads", count(counters.loads)),
            ("refusals", count(counters.refusals)),
            ("unloads", count(counters.unloads)),
            ("restored", count(counters.restored)),
            ("subsystems", Value::object(vec![("inference", inference)])),
        ])
    }

    fn metric_prefix(&self) -> &str {
        "model_pool"
    }
}

impl Configurable for ModelPool {
    fn get_param(&self, name: &str) -> Option<Value> {
        match name {
            "budgetMb" => Some(Value::Number((self.pool.budget() / config::MB) as f64)),
            "verifyBlocks" => Some(Value::Number(f64::from(self.pool.verify_blocks()))),
            _ => None,
        }
    }

    fn set_param(&self, name: &str, value: Value) -> Result<(), String> {
        match name {
            "budgetMb" => self.pool.set_budget(config::budget(&value)? * config::MB),
            "verifyBlocks" => self.pool.set_verify_blocks(config::verify_blocks(&value)?),
            _ => return Err(format!("model-pool has no parameter \"{}\"", name)),
        }
        Ok(())
    }

    fn list_params(&self) -> Vec<(&'static str, &'static str)> {
        vec![
            (
                "budgetMb",
                "How much memory the models may occupy together, in MB",
            ),
            (
                "verifyBlocks",
                "How many MB are compared with their checksums at every look at the health",
            ),
        ]
    }
}

impl ModelPoolService for ModelPool {
    fn activate(
        &self,
        _context: &CallContext,
        params: ModelPoolActivateParams,
    ) -> Result<ModelPoolActivateResult, ModelPoolActivateError> {
        match self.pool.activate(&params.id, params.active) {
            Some(model) => Ok(ModelPoolActivateResult {
                model: info(&model),
            }),
            None => Err(ModelPoolActivateError::ModelNotFound { id: params.id }),
        }
    }

    fn infer(
        &self,
        _context: &CallContext,
        params: ModelPoolInferParams,
    ) -> Result<ModelPoolInferResult, ModelPoolInferError> {
        match self.pool.infer(&params.id, &params.prompt, params.tokens) {
            Ok((tokens, digest)) => Ok(ModelPoolInferResult { tokens, digest }),
            Err(InferRefusal::NotFound) => {
                Err(ModelPoolInferError::ModelNotFound { id: params.id })
            }
            Err(InferRefusal::Pressure(level)) => {
                let command = "model-pool/infer".to_string();
                Err(ModelPoolInferError::RefusedByPressure { level, command })
            }
        }
    }

    fn list(
        &self,
        _context: &CallContext,
        params: ModelPoolListParams,
    ) -> Result<ModelPoolListResult, ModelPoolListError> {
        let mut models: Vec<ModelInfo> =
            self.pool.models().iter().map(|model| info(model)).collect();
        models.retain(|model| {
            params.kind.map_or(true, |kind| kind == model.kind)
                && params.active.map_or(true, |active| active == model.active)
        });
        Ok(ModelPoolListResult { models })
    }

    fn load(
        &self,
        context: &CallContext,
        params: ModelPoolLoadParams,
    ) -> Result<ModelPoolLoadResult, ModelPoolLoadError> {
        let ModelPoolLoadParams {
            id,
            source,
            kind,
            make_room,
        } = params;
        match self
            .pool
            .load(&id, &source, kind, make_room, &|| context.is_cancelled())
        {
            Ok(loaded) => Ok(ModelPoolLoadResult {
                model: info(&loaded.model),
                unloaded: loaded.unloaded,
                loaded: loaded.loaded,
            }),
            Err(LoadRefusal::Budget {
                requested,
                available,
                budget,
            }) => Err(ModelPoolLoadError::BudgetExceeded {
                id,
                requested_bytes: whole(requested),
                available_bytes: whole(available),
                budget_bytes: whole(budget),
            }),
            // Who has cancelled sees no answer, so any will do.
            Err(LoadRefusal::Conflict) | Err(LoadRefusal::Cancelled) => {
                Err(ModelPoolLoadError::ModelConflict { id })
            }
            Err(LoadRefusal::Pressure(level)) => {
                let command = "model-pool/load".to_string();
                Err(ModelPoolLoadError::RefusedByPressure { level, command })
            }
            Err(LoadRefusal::Unreadable(reason)) => {
                Err(ModelPoolLoadError::SourceUnreadable { id, reason })
            }
        }
    }

    fn overwrite(
        &self,
        _context: &CallContext,
        params: ModelPoolOverwriteParams,
    ) -> Result<ModelPoolOverwriteResult, ModelPoolOverwriteError> {
        let offset = u64::try_from(params.offset).unwrap_or(0);
        match self.pool.overwrite(&params.id, offset, &params.data) {
            Some(written) => Ok(ModelPoolOverwriteResult { written }),
            None => Err(ModelPoolOverwriteError::ModelNotFound { id: params.id }),
        }
    }

    fn read(
        &self,
        _context: &CallContext,
        params: ModelPoolReadParams,
    ) -> Result<ModelPoolReadResult, ModelPoolReadError> {
        let model = match self.pool.get(&params.id) {
            Some(model) => model,
            None => return Err(ModelPoolReadError::ModelNotFound { id: params.id }),
        };
        Ok(model.with_bytes(|bytes| {
            let from = usize::try_from(params.offset.max(0))
                .unwrap_or(usize::MAX)
                .min(bytes.len());
            let rest = &bytes[from..];
            let count = (params.length as usize).min(LONGEST_READ).min(rest.len());
            ModelPoolReadResult {
                data: rest[..count].to_vec(),
                end: count == rest.len(),
            }
        }))
    }

    fn stats(
        &self,
        _context: &CallContext,
        _params: ModelPoolStatsParams,
    ) -> Result<ModelPoolStatsResult, ModelPoolStatsError> {
        let models = self.pool.models();
        let counters = self.pool.counters();
        Ok(ModelPoolStatsResult {
            budget_bytes: whole(self.pool.budget()),
            used_bytes: whole(self.pool.used()),
            models: models.len() as u32,
            active: models
                .iter()
                .filter(|model| model.active.load(Ordering::Relaxed))
                .count() as u32,
            level: self.pool.level(),
            loads: counters.loads,
            refusals: counters.refusals,
            unloads: counters.unloads,
            restored: counters.restored,
        })
    }

    fn unload(
        &self,
        _context: &CallContext,
        params: ModelPoolUnloadParams,
    ) -> Result<ModelPoolUnloadResult, ModelPoolUnloadError> {
        let id = params.id;
        match self.pool.unload(&id, params.force) {
            Ok(bytes) => Ok(ModelPoolUnloadResult {
                freed_bytes: whole(bytes),
            }),
            Err(UnloadRefusal::NotFound) => Err(ModelPoolUnloadError::ModelNotFound { id }),
            Err(UnloadRefusal::Active) => Err(ModelPoolUnloadError::ModelActive { id }),
        }
    }

    fn verify(
        &self,
        _context: &CallContext,
        params: ModelPoolVerifyParams,
    ) -> Result<ModelPoolVerifyStream, ModelPoolVerifyError> {
        match self.pool.get(&params.id) {
            Some(model) => Ok(Box::new(Verification {
                pool: Arc::clone(&self.pool),
                model: Arc::downgrade(&model),
                id: params.id,
                next: 0,
            })),
            None => Err(ModelPoolVerifyError::ModelNotFound { id: params.id }),
        }
    }
}

/// A stream that nobody pulls from keeps no model in memory.
struct Verification {
    pool: Arc<Pool>,
    model: Weak<Model>,
    id: String,
    next: usize,
}

impl StreamSource<ModelPoolVerifyResult, ModelPoolVerifyError> for Verification {
    fn next(
        &mut self,
        _context: &CallContext,
    ) -> Option<Result<ModelPoolVerifyResult, ModelPoolVerifyError>> {
        let model = match self
            .model
            .upgrade()
            .filter(|model| self.pool.is_current(model))
        {
            Some(model) => model,
            None => {
                return Some(Err(ModelPoolVerifyError::ModelNotFound {
                    id: self.id.clone(),
                }))
            }
        };
        let expected = *model.blocks.get(self.next)?;
        let checksum = model.block(self.next);
        let block = self.next as u32;
        self.next += 1;
        Some(Ok(ModelPoolVerifyResult {
            block,
            checksum,
            intact: checksum == expected,
        }))
    }
}

fn info(model: &Model) -> ModelInfo {
    ModelInfo {
        id: model.id.clone(),
        kind: model.kind,
        source: model.source.clone(),
        bytes: whole(model.bytes()),
        checksum: model.checksum,
        active: model.active.load(Ordering::Relaxed),
        uses: model.uses.load(Ordering::Relaxed),
    }
}

/// Sizes of memory are far below what an integer of the spec holds.
fn whole(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}
