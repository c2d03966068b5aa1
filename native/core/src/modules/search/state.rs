//! A search service without its lock: the index, what waits for it, and how it gives way when
//! memory is scarce.
//!
//! | level    | adding          | removing | queries            |
//! | -------- | --------------- | -------- | ------------------ |
//! | Normal   | indexes         | yes      | yes                |
//! | Warning  | queues          | yes      | yes                |
//! | High     | refused         | refused  | only remembered    |
//! | Critical | refused         | refused  | refused            |
//!
//! `src/native/modules/search/SearchState.ts` does the same.

use super::cache::Cache;
use super::engine::cost;
use super::engine::index::{Document, Index, NotRead};
use super::engine::query::{self, Found, Query, Scores};
use super::settings::Settings;
use opbus_core::{HealthStatus, PressureLevel, Value};
use std::collections::HashSet;
use std::sync::Arc;

/// Why something was not done.
#[derive(Debug, PartialEq)]
pub enum Refusal {
    Paused(PressureLevel),
    Missing,
    TooLarge {
        budget: u64,
        used: u64,
        needed: u64,
    },
    QueueFull {
        limit: usize,
        queued: usize,
    },
    /// Nobody waits for the answer any more.
    Stopped,
}

/// What came of adding.
#[derive(Debug, Default, PartialEq)]
pub struct Added {
    pub indexed: usize,
    pub replaced: usize,
    pub queued: usize,
}

/// What the service says of itself.
pub struct Figures {
    pub documents: usize,
    pub queued: usize,
    pub terms: usize,
    pub postings: usize,
    pub used: u64,
    pub budget: u64,
    pub cached: usize,
    pub hits: u64,
    pub misses: u64,
    pub ready: bool,
    pub level: PressureLevel,
}

/// The index, or only its documents, after it was dropped.
enum Content {
    Indexed(Box<Index>),
    Dropped(Vec<Document>),
}

pub struct State {
    pub settings: Settings,
    content: Content,
    /// What waits to be indexed, each with what the index will take for it.
    queue: Vec<(Document, u64)>,
    queued_bytes: u64,
    level: PressureLevel,
    cache: Cache,
    scores: Scores,
}

impl State {
    pub fn new(settings: Settings) -> State {
        State {
            content: Content::Indexed(Box::new(Index::new(settings.fields.len()))),
            settings,
            queue: Vec::new(),
            queued_bytes: 0,
            level: PressureLevel::Normal,
            cache: Cache::new(),
            scores: Scores::default(),
        }
    }

    /// Adds all documents or none; of several with one name, the last counts.
    pub fn add(
        &mut self,
        documents: Vec<Document>,
        is_stopped: &dyn Fn() -> bool,
    ) -> Result<Added, Refusal> {
        if self.level >= PressureLevel::High {
            return Err(Refusal::Paused(self.level));
        }
        let used = self.used();
        let budget = self.settings.budget();
        let index = match &mut self.content {
            Content::Indexed(index) => index,
            Content::Dropped(_) => return Err(Refusal::Missing),
        };
        let documents = last_of_each(documents);
        let ids: HashSet<Arc<str>> = documents.iter().map(|one| one.id.clone()).collect();
        let waits = |one: &&(Document, u64)| !ids.contains(&one.0.id);
        let (others, other_bytes) = self
            .queue
            .iter()
            .filter(waits)
            .fold((0, 0), |(count, sum), (_, bytes)| (count + 1, sum + bytes));
        let is_queued = self.level == PressureLevel::Warning;
        let limit = self.settings.most_queued;
        if is_queued && others + documents.len() > limit {
            return Err(Refusal::QueueFull {
                limit,
                queued: self.queue.len(),
            });
        }
        let most = budget.saturating_sub(other_bytes);
        let batch = match index.read(documents, most, is_stopped) {
            Ok(batch) => batch,
            Err(NotRead::Stopped) => return Err(Refusal::Stopped),
            Err(NotRead::TooLarge { needed }) => {
                return Err(Refusal::TooLarge {
                    budget,
                    used,
                    needed,
                })
            }
        };
        if !is_queued {
            let indexed = batch.size();
            let replaced = index.put(batch);
            self.keep_queued(|one| !ids.contains(&one.id));
            self.cache.clear();
            return Ok(Added {
                indexed,
                replaced,
                queued: 0,
            });
        }
        // What is replaced stays until then, and takes its room beside what replaces it.
        if index.bytes() + batch.bytes > most {
            let needed = batch.bytes;
            index.forget(batch);
            return Err(Refusal::TooLarge {
                budget,
                used,
                needed,
            });
        }
        let fresh: Vec<(Document, u64)> = index.forget(batch);
        let queued = fresh.len();
        self.keep_queued(|one| !ids.contains(&one.id));
        self.queued_bytes += fresh.iter().map(|(_, bytes)| bytes).sum::<u64>();
        self.queue.extend(fresh);
        Ok(Added {
            indexed: 0,
            replaced: 0,
            queued,
        })
    }

    /// Removes documents and says how many there were; the failure is the level that forbids it.
    pub fn remove(&mut self, ids: &[String]) -> Result<usize, PressureLevel> {
        if self.level >= PressureLevel::High {
            return Err(self.level);
        }
        let named: HashSet<&str> = ids.iter().map(String::as_str).collect();
        let mut removed: HashSet<Arc<str>> = HashSet::new();
        self.keep_queued(|one| {
            let stays = !named.contains(&*one.id);
            if !stays {
                removed.insert(one.id.clone());
            }
            stays
        });
        match &mut self.content {
            Content::Indexed(index) => {
                for id in named {
                    if index.remove(id) {
                        removed.insert(id.into());
                    }
                }
            }
            Content::Dropped(documents) => documents.retain(|one| {
                let stays = !named.contains(&*one.id);
                if !stays {
                    removed.insert(one.id.clone());
                }
                stays
            }),
        }
        self.cache.clear();
        Ok(removed.len())
    }

    /// Removes everything and says how many documents that were; the failure is the level that
    /// forbids it.
    pub fn clear(&mut self) -> Result<usize, PressureLevel> {
        if self.level >= PressureLevel::High {
            return Err(self.level);
        }
        let ids: HashSet<Arc<str>> = self
            .documents()
            .into_iter()
            .map(|(one, _)| one.id.clone())
            .collect();
        self.content = Content::Indexed(Box::new(Index::new(self.settings.fields.len())));
        self.keep_queued(|_| false);
        self.cache.clear();
        self.scores = Scores::default();
        Ok(ids.len())
    }

    /// What a query finds, and whether it was remembered.
    pub fn query(&mut self, query: &Query) -> Result<(Found, bool), Refusal> {
        if self.level == PressureLevel::Critical {
            return Err(Refusal::Paused(self.level));
        }
        if let Some(found) = self.cache.get(query) {
            return Ok((found, true));
        }
        if self.level == PressureLevel::High {
            return Err(Refusal::Paused(self.level));
        }
        let index = match &mut self.content {
            Content::Indexed(index) => index,
            Content::Dropped(_) => return Err(Refusal::Missing),
        };
        let found = query::run(index, &self.settings.ranking, query, &mut self.scores);
        self.cache.put(query, &found, self.settings.most_cached);
        Ok((found, false))
    }

    /// The name of a document that a query has found.
    pub fn name_of(&self, document: u32) -> &str {
        match &self.content {
            Content::Indexed(index) => index.at(document).map_or("", |one| &one.id),
            Content::Dropped(_) => "",
        }
    }

    /// All documents, those that wait last, each with whether it waits.
    pub fn documents(&self) -> Vec<(Document, bool)> {
        let mut all: Vec<(Document, bool)> = match &self.content {
            Content::Indexed(index) => index.documents().map(|one| (one.clone(), false)).collect(),
            Content::Dropped(documents) => {
                documents.iter().map(|one| (one.clone(), false)).collect()
            }
        };
        all.extend(self.queue.iter().map(|(one, _)| (one.clone(), true)));
        all
    }

    pub fn health(&self) -> HealthStatus {
        let degraded = |reason: String| HealthStatus::Degraded { reason };
        match &self.content {
            Content::Dropped(_) if self.level >= PressureLevel::High => {
                degraded("The index was dropped to free memory; its documents are kept.".into())
            }
            Content::Dropped(_) => HealthStatus::Unhealthy {
                reason: "The index was dropped and has to be built again.".into(),
            },
            _ if self.level == PressureLevel::Normal && !self.queue.is_empty() => {
                degraded(format!(
                    "{} documents wait to be indexed: the budget is used up.",
                    self.queue.len()
                ))
            }
            _ => HealthStatus::Healthy,
        }
    }

    pub fn respond(&mut self, level: PressureLevel) {
        self.level = level;
        if level == PressureLevel::Normal {
            self.index_queued();
        }
    }

    /// Drops what can be made again; the documents stay.
    pub fn shed(&mut self) {
        if let Content::Indexed(index) = &mut self.content {
            let documents = index.documents().cloned().collect();
            self.content = Content::Dropped(documents);
        }
        self.cache.clear();
        self.scores = Scores::default();
    }

    /// Builds the index again, unless memory is scarce.
    pub fn heal(&mut self) -> bool {
        if self.level >= PressureLevel::High {
            return false;
        }
        let fields = self.settings.fields.len();
        let documents = match std::mem::replace(&mut self.content, Content::Dropped(Vec::new())) {
            Content::Indexed(index) => index.documents().cloned().collect(),
            Content::Dropped(documents) => documents,
        };
        self.content = Content::Indexed(Box::new(Index::of(fields, documents.into_iter())));
        self.cache.clear();
        if self.level == PressureLevel::Normal {
            self.index_queued();
        }
        true
    }

    /// Gives everything back.
    pub fn end(&mut self) {
        *self = State::new(self.settings.clone());
    }

    pub fn set(&mut self, name: &str, value: &Value) -> Result<(), String> {
        self.settings.set(name, value)?;
        if name == "k" || name == "b" || name == "d" {
            self.cache.clear();
        }
        self.cache.shrink(self.settings.most_cached);
        Ok(())
    }

    pub fn figures(&self) -> Figures {
        let (documents, terms, postings) = match &self.content {
            Content::Indexed(index) => (index.size(), index.terms(), index.postings()),
            Content::Dropped(documents) => (documents.len(), 0, 0),
        };
        Figures {
            documents,
            queued: self.queue.len(),
            terms,
            postings,
            used: self.used(),
            budget: self.settings.budget(),
            cached: self.cache.len(),
            hits: self.cache.hits,
            misses: self.cache.misses,
            ready: matches!(self.content, Content::Indexed(_)),
            level: self.level,
        }
    }

    fn used(&self) -> u64 {
        let content = match &self.content {
            Content::Indexed(index) => index.bytes(),
            Content::Dropped(documents) => documents.iter().map(cost::document).sum(),
        };
        content + self.queued_bytes
    }

    fn keep_queued(&mut self, mut stays: impl FnMut(&Document) -> bool) {
        self.queue.retain(|(document, _)| stays(document));
        self.queued_bytes = self.queue.iter().map(|(_, bytes)| bytes).sum();
    }

    /// Indexes what waits, as far as the budget goes.
    fn index_queued(&mut self) {
        let index = match &mut self.content {
            Content::Indexed(index) => index,
            Content::Dropped(_) => return,
        };
        if self.queue.is_empty() {
            return;
        }
        let budget = self.settings.budget();
        for (document, bytes) in std::mem::take(&mut self.queue) {
            self.queued_bytes -= bytes;
            let most = budget.saturating_sub(self.queued_bytes);
            match index.read(vec![document.clone()], most, &|| false) {
                Ok(batch) => {
                    index.put(batch);
                }
                Err(_) => {
                    self.queued_bytes += bytes;
                    self.queue.push((document, bytes));
                }
            }
        }
        self.cache.clear();
    }
}

/// Of several documents with one name, only the last.
fn last_of_each(documents: Vec<Document>) -> Vec<Document> {
    let mut seen: HashSet<Arc<str>> = HashSet::new();
    let mut kept: Vec<Document> = Vec::with_capacity(documents.len());
    for document in documents.into_iter().rev() {
        if seen.insert(document.id.clone()) {
            kept.push(document);
        }
    }
    kept.reverse();
    kept
}
