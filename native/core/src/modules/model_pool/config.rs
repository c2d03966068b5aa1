//! What a pool is configured with.

use super::pool::Settings;
use crate::generated::model_pool::ModelSource;
use crate::json::Json;
use crate::Value;
use std::path::PathBuf;

pub const MB: u64 = 1 << 20;
pub const LARGEST_BUDGET_MB: u64 = 1 << 20;
pub const MOST_VERIFY_BLOCKS: u64 = 4096;

const KNOWN: [&str; 4] = ["budgetMb", "folder", "preload", "verifyBlocks"];

pub fn settings(config: &Value) -> Result<Settings, String> {
    let fields = config
        .as_object()
        .ok_or("the config of model-pool is an object")?;
    if let Some((name, _)) = fields
        .iter()
        .find(|(name, _)| !KNOWN.contains(&name.as_str()))
    {
        return Err(format!(
            "model-pool has no setting \"{}\"; it has {}",
            name,
            KNOWN.join(", ")
        ));
    }
    let folder = match config.get("folder") {
        None => None,
        Some(folder) => Some(PathBuf::from(
            folder.as_str().ok_or("folder is the path of a folder")?,
        )),
    };
    let required = match config.get("preload") {
        None => Vec::new(),
        Some(list) => list
            .as_array()
            .ok_or("preload is an array of { id, source }")?
            .iter()
            .map(preload)
            .collect::<Result<_, String>>()?,
    };
    Ok(Settings {
        budget: config.get("budgetMb").map_or(Ok(512), budget)? * MB,
        folder,
        required,
        verify_blocks: config.get("verifyBlocks").map_or(Ok(4), verify_blocks)?,
    })
}

/// A budget in MB.
pub fn budget(value: &Value) -> Result<u64, String> {
    value
        .as_u64()
        .filter(|mb| (1..=LARGEST_BUDGET_MB).contains(mb))
        .ok_or_else(|| {
            format!(
                "budgetMb is a whole number of MB from 1 to {}",
                LARGEST_BUDGET_MB
            )
        })
}

pub fn verify_blocks(value: &Value) -> Result<u32, String> {
    value
        .as_u64()
        .filter(|blocks| *blocks <= MOST_VERIFY_BLOCKS)
        .map(|blocks| blocks as u32)
        .ok_or_else(|| {
            format!(
                "verifyBlocks is a whole number from 0 to {}",
                MOST_VERIFY_BLOCKS
            )
        })
}

fn preload(value: &Value) -> Result<(String, ModelSource), String> {
    let id = value
        .get("id")
        .and_then(Value::as_str)
        .filter(|id| !id.is_empty());
    let source = value.get("source").map(ModelSource::from_json);
    match (id, source) {
        (Some(id), Some(Ok(source))) => Ok((id.to_string(), source)),
        (_, Some(Err(error))) => Err(format!("a source of preload: {}", error)),
        _ => Err("preload is an array of { id, source }".to_string()),
    }
}
