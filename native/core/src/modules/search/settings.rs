//! What a search service can be told.

use super::engine::index::{Ranking, MOST_FIELDS};

use opbus_core::Value;

const MEGABYTE: f64 = 1_048_576.0;

/// Names, what they mean, and the smallest and largest value.
const PARAMETERS: [(&str, &str, f64, f64); 6] = [
    (
        "k",
        "How soon more of the same word in a field stops counting.",
        0.0,
        100.0,
    ),
    (
        "b",
        "How much the length of a field counts, from 0 to 1.",
        0.0,
        1.0,
    ),
    (
        "d",
        "What a word that is found counts at least.",
        0.0,
        100.0,
    ),
    (
        "budgetMb",
        "What documents and index may take, in megabytes.",
        0.001,
        65_536.0,
    ),
    (
        "maxQueued",
        "How many documents may wait while memory is scarce.",
        0.0,
        1_000_000.0,
    ),
    (
        "cachedQueries",
        "How many queries are remembered with what they found.",
        0.0,
        10_000.0,
    ),
];

#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    pub fields: Vec<String>,
    pub ranking: Ranking,
    pub budget_mb: f64,
    pub most_queued: usize,
    pub most_cached: usize,
}

impl Settings {
    /// Reads the configuration of a service; the error is one line.
    pub fn read(config: &Value) -> Result<Settings, String> {
        let mut settings = Settings {
            fields: vec!["title".into(), "text".into()],
            ranking: Ranking::default(),
            budget_mb: 64.0,
            most_queued: 1000,
            most_cached: 128,
        };
        if config.is_null() {
            return Ok(settings);
        }
        let given = config
            .as_object()
            .ok_or("The configuration of search is an object.")?;
        if let Some(names) = config.get("fields") {
            settings.fields = fields(names)?;
        }
        for (name, value) in given.iter().filter(|(name, _)| name != "fields") {
            settings.set(name, value)?;
        }
        Ok(settings)
    }

    pub fn budget(&self) -> u64 {
        (self.budget_mb * MEGABYTE) as u64
    }

    pub fn get(&self, name: &str) -> Option<f64> {
        Some(match name {
            "k" => self.ranking.k,
            "b" => self.ranking.b,
            "d" => self.ranking.d,
            "budgetMb" => self.budget_mb,
            "maxQueued" => self.most_queued as f64,
            "cachedQueries" => self.most_cached as f64,
            _ => return None,
        })
    }

    pub fn set(&mut self, name: &str, value: &Value) -> Result<(), String> {
        let known = PARAMETERS.iter().find(|(known, _, _, _)| *known == name);
        let &(_, _, least, most) = known.ok_or_else(|| unknown(name))?;
        let number = match value.as_f64() {
            Some(number) if number >= least && number <= most => number,
            _ => {
                return Err(format!(
                    "\"{}\" takes a number from {} to {}.",
                    name, least, most
                ))
            }
        };
        match name {
            "k" => self.ranking.k = number,
            "b" => self.ranking.b = number,
            "d" => self.ranking.d = number,
            "budgetMb" => self.budget_mb = number,
            "maxQueued" => self.most_queued = number as usize,
            _ => self.most_cached = number as usize,
        }
        Ok(())
    }

    pub fn list() -> Vec<(&'static str, &'static str)> {
        PARAMETERS
            .iter()
            .map(|(name, about, _, _)| (*name, *about))
            .collect()
    }
}

fn unknown(name: &str) -> String {
    let known: Vec<&str> = PARAMETERS.iter().map(|(known, _, _, _)| *known).collect();
    let name: String = name.chars().take(100).collect();
    format!(
        "search has no parameter \"{}\", but {}.",
        name,
        known.join(", ")
    )
}

fn fields(value: &Value) -> Result<Vec<String>, String> {
    let wrong = || {
        format!(
            "\"fields\" takes from 1 to {} different names.",
            MOST_FIELDS
        )
    };
    let mut names: Vec<String> = Vec::new();
    for name in value.as_array().ok_or_else(wrong)? {
        match name.as_str() {
            Some(name) if !name.is_empty() && !names.iter().any(|other| other == name) => {
                names.push(name.to_string())
            }
            _ => return Err(wrong()),
        }
    }
    if names.is_empty() || names.len() > MOST_FIELDS {
        return Err(wrong());
    }
    Ok(names)
}
