//! What queries have found, until something changes.

use super::engine::query::{Found, Query};
use std::collections::HashMap;

/// More hits than this are not kept.
const MOST_HITS: usize = 1000;

/// What makes two queries the same.
type Key = (String, usize, bool, bool, u64, Vec<u64>);

struct Entry {
    found: Found,
    /// When it was last asked for; the least recent one goes first.
    used: u64,
}

pub struct Cache {
    entries: HashMap<Key, Entry>,
    clock: u64,
    pub hits: u64,
    pub misses: u64,
}

fn key_of(query: &Query) -> Key {
    // Adding zero makes one of the two zeros.
    let bits = |number: f64| (number + 0.0).to_bits();
    (
        query.text.clone(),
        query.limit,
        query.all,
        query.prefix,
        bits(query.fuzzy),
        query.boosts.iter().map(|boost| bits(*boost)).collect(),
    )
}

impl Cache {
    pub fn new() -> Cache {
        Cache {
            entries: HashMap::new(),
            clock: 0,
            hits: 0,
            misses: 0,
        }
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn get(&mut self, query: &Query) -> Option<Found> {
        self.clock += 1;
        // Making a key copies the query.
        let entry = if self.entries.is_empty() {
            None
        } else {
            self.entries.get_mut(&key_of(query))
        };
        match entry {
            Some(entry) => {
                self.hits += 1;
                entry.used = self.clock;
                Some(entry.found.clone())
            }
            None => {
                self.misses += 1;
                None
            }
        }
    }

    /// Keeps what a query has found, if there is to be room for it.
    pub fn put(&mut self, query: &Query, found: &Found, most: usize) {
        if most == 0 || found.hits.len() > MOST_HITS {
            return;
        }
        self.clock += 1;
        let entry = Entry {
            found: found.clone(),
            used: self.clock,
        };
        self.entries.insert(key_of(query), entry);
        self.shrink(most);
    }

    /// Keeps at most so many.
    pub fn shrink(&mut self, most: usize) {
        while self.entries.len() > most {
            let oldest = self.entries.iter().min_by_key(|(_, entry)| entry.used);
            if let Some(key) = oldest.map(|(key, _)| key.clone()) {
                self.entries.remove(&key);
            }
        }
    }

    /// Forgets everything that was found: it may not be so any more.
    pub fn clear(&mut self) {
        self.entries = HashMap::new();
    }
}
