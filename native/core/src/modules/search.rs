//! The service `search`: a full-text index with a budget of memory.
//!
//! This file is the way from the spec to [`state::State`], which does the work.

mod cache;
pub mod engine;
mod settings;
mod state;

use crate::generated::search::*;
use engine::index::{Document as Stored, Texts};
use engine::query::Query;
use opbus_core::stream::IterStream;
use opbus_core::{
    CallContext, Configurable, HealthStatus, ManagedService, MetricsEmitter, PressureLevel, Value,
};
use settings::Settings;
use state::{Refusal, State};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

/// What the service owns.
pub struct Search {
    /// These never change, so that looking at them takes no lock.
    fields: Vec<String>,
    state: Mutex<State>,
}

/// Makes the service; `Err` says in one line why that is not possible.
pub fn create(config: &Value) -> Result<Search, String> {
    let settings = Settings::read(config)?;
    Ok(Search {
        fields: settings.fields.clone(),
        state: Mutex::new(State::new(settings)),
    })
}

impl Search {
    /// A panic has left the state as it was between two of its steps; better than none.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn stored(&self, document: Document) -> Result<Stored, String> {
        let mut texts: Vec<Box<str>> = vec!["".into(); self.fields.len()];
        for (name, text) in document.fields {
            match self.fields.iter().position(|field| *field == name) {
                Some(field) => texts[field] = text.into_boxed_str(),
                None => return Err(name),
            }
        }
        Ok(Arc::new(Texts {
            id: document.id.into(),
            texts: texts.into_boxed_slice(),
        }))
    }

    /// The boost of each field; zero for those that are not asked for.
    fn boosts(
        &self,
        fields: &Option<Vec<String>>,
        boost: &Option<BTreeMap<String, Boost>>,
    ) -> Result<Vec<f64>, String> {
        let named = fields
            .iter()
            .flatten()
            .chain(boost.iter().flat_map(BTreeMap::keys));
        for name in named {
            if !self.fields.contains(name) {
                return Err(name.clone());
            }
        }
        let of = |field: &String| match fields {
            Some(fields) if !fields.contains(field) => 0.0,
            _ => match boost.as_ref().and_then(|boost| boost.get(field)) {
                Some(boost) if *boost > 0.0 => *boost,
                _ => 1.0,
            },
        };
        Ok(self.fields.iter().map(of).collect())
    }
}

/// The fields that are not empty, by their names.
fn named(fields: &[String], stored: &Stored) -> BTreeMap<String, Text> {
    let given = fields.iter().zip(stored.texts.iter());
    given
        .filter(|(_, text)| !text.is_empty())
        .map(|(name, text)| (name.clone(), text.to_string()))
        .collect()
}

fn paused(level: PressureLevel) -> String {
    match level {
        PressureLevel::High => {
            "Memory is scarce: only queries that are remembered are answered. Try again later."
        }
        _ => "Memory is nearly used up: the index is closed. Try again later.",
    }
    .to_string()
}

fn missing() -> String {
    "The index was dropped to free memory and is built again when the service heals. Try again later."
        .to_string()
}

impl ManagedService for Search {
    fn name(&self) -> &str {
        "search"
    }

    fn health(&self) -> HealthStatus {
        self.state().health()
    }

    /// Warning: what is added waits. High: only remembered queries. Critical: nothing.
    fn pressure_response(&self, level: PressureLevel) {
        self.state().respond(level);
    }

    /// Drops the index and what queries have found; the documents stay.
    fn shed_load(&self) {
        self.state().shed();
    }

    /// Builds the index again from the documents, unless memory is still scarce.
    fn heal(&self) -> bool {
        self.state().heal()
    }

    fn shutdown(&self) {
        self.state().end();
    }
}

impl MetricsEmitter for Search {
    fn emit_metrics(&self) -> Value {
        let figures = self.state().figures();
        let number = |name: &'static str, value: u64| (name, Value::Number(value as f64));
        Value::object(vec![
            number("documents", figures.documents as u64),
            number("queued", figures.queued as u64),
            number("terms", figures.terms as u64),
            number("postings", figures.postings as u64),
            number("usedBytes", figures.used),
            number("budgetBytes", figures.budget),
            number("cachedQueries", figures.cached as u64),
            number("cacheHits", figures.hits),
            number("cacheMisses", figures.misses),
        ])
    }

    fn metric_prefix(&self) -> &str {
        "search"
    }
}

impl Configurable for Search {
    fn get_param(&self, name: &str) -> Option<Value> {
        self.state().settings.get(name).map(Value::Number)
    }

    fn set_param(&self, name: &str, value: Value) -> Result<(), String> {
        self.state().set(name, &value)
    }

    fn list_params(&self) -> Vec<(&'static str, &'static str)> {
        Settings::list()
    }
}

impl SearchService for Search {
    fn add(
        &self,
        context: &CallContext,
        params: SearchAddParams,
    ) -> Result<SearchAddResult, SearchAddError> {
        let stored: Result<Vec<Stored>, String> = params
            .documents
            .into_iter()
            .map(|document| self.stored(document))
            .collect();
        let stored = stored.map_err(|field| SearchAddError::UnknownField {
            field,
            known: self.fields.clone(),
        })?;
        let added = self.state().add(stored, &|| context.is_cancelled());
        match added {
            Ok(added) => Ok(SearchAddResult {
                indexed: added.indexed as u32,
                replaced: added.replaced as u32,
                queued: added.queued as u32,
            }),
            // Nobody reads this answer.
            Err(Refusal::Stopped) => Ok(SearchAddResult {
                indexed: 0,
                replaced: 0,
                queued: 0,
            }),
            Err(Refusal::Paused(level)) => Err(SearchAddError::SearchPaused {
                level,
                message: paused(level),
            }),
            Err(Refusal::Missing) => Err(SearchAddError::IndexMissing { message: missing() }),
            Err(Refusal::TooLarge {
                budget,
                used,
                needed,
            }) => Err(SearchAddError::BudgetExceeded {
                budget_bytes: budget as i64,
                used_bytes: used as i64,
                needed_bytes: needed as i64,
            }),
            Err(Refusal::QueueFull { limit, queued }) => Err(SearchAddError::QueueFull {
                limit: limit as u32,
                queued: queued as u32,
            }),
        }
    }

    fn remove(
        &self,
        _context: &CallContext,
        params: SearchRemoveParams,
    ) -> Result<SearchRemoveResult, SearchRemoveError> {
        match self.state().remove(&params.ids) {
            Ok(removed) => Ok(SearchRemoveResult {
                removed: removed as u32,
            }),
            Err(level) => Err(SearchRemoveError::SearchPaused {
                level,
                message: paused(level),
            }),
        }
    }

    fn clear(
        &self,
        _context: &CallContext,
        _params: SearchClearParams,
    ) -> Result<SearchClearResult, SearchClearError> {
        match self.state().clear() {
            Ok(removed) => Ok(SearchClearResult {
                removed: removed as u32,
            }),
            Err(level) => Err(SearchClearError::SearchPaused {
                level,
                message: paused(level),
            }),
        }
    }

    fn query(
        &self,
        _context: &CallContext,
        params: SearchQueryParams,
    ) -> Result<SearchQueryResult, SearchQueryError> {
        let boosts = self.boosts(&params.fields, &params.boost);
        let boosts = boosts.map_err(|field| SearchQueryError::UnknownField {
            field,
            known: self.fields.clone(),
        })?;
        let query = Query {
            text: params.query,
            limit: params.limit as usize,
            all: params.combine == Combine::And,
            prefix: params.prefix,
            fuzzy: params.fuzzy,
            boosts,
        };
        let mut state = self.state();
        match state.query(&query) {
            Ok((found, cached)) => Ok(SearchQueryResult {
                total: found.total as u32,
                hits: found
                    .hits
                    .into_iter()
                    .map(|(number, score)| Hit {
                        id: state.name_of(number).to_string(),
                        score,
                    })
                    .collect(),
                cached,
            }),
            Err(Refusal::Paused(level)) => Err(SearchQueryError::SearchPaused {
                level,
                message: paused(level),
            }),
            Err(_) => Err(SearchQueryError::IndexMissing { message: missing() }),
        }
    }

    fn stats(
        &self,
        _context: &CallContext,
        _params: SearchStatsParams,
    ) -> Result<SearchStatsResult, SearchStatsError> {
        let figures = self.state().figures();
        Ok(SearchStatsResult {
            documents: figures.documents as u32,
            queued: figures.queued as u32,
            terms: figures.terms as u32,
            postings: figures.postings as u32,
            used_bytes: figures.used as i64,
            budget_bytes: figures.budget as i64,
            cached_queries: figures.cached as u32,
            cache_hits: figures.hits as i64,
            cache_misses: figures.misses as i64,
            ready: figures.ready,
            level: figures.level,
        })
    }

    fn documents(
        &self,
        _context: &CallContext,
        _params: SearchDocumentsParams,
    ) -> Result<SearchDocumentsStream, SearchDocumentsError> {
        // The documents as they are now, shared, not copied: what changes meanwhile does not show.
        let documents = self.state().documents();
        let fields = self.fields.clone();
        Ok(Box::new(IterStream(documents.into_iter().map(
            move |(stored, queued)| {
                Ok(SearchDocumentsResult {
                    id: stored.id.to_string(),
                    fields: named(&fields, &stored),
                    queued,
                })
            },
        ))))
    }
}
