//! Stands in for libnvidia-ml.so.1 where there is no GPU: the same functions, with figures from a file.
//!
//! `OPBUS_NVML_STANDIN` names the file: its first line is `init <status>`, each other line a GPU,
//! `<total> <used> <status> <name>`. Compiled by tests with `rustc --crate-type cdylib`.

use std::os::raw::{c_char, c_int, c_uint, c_void};

#[repr(C)]
pub struct Memory {
    total: u64,
    free: u64,
    used: u64,
}

fn lines() -> Vec<String> {
    let path = std::env::var("OPBUS_NVML_STANDIN").unwrap_or_default();
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines().map(str::to_string).collect()
}

fn gpu(device: *mut c_void) -> Option<(u64, u64, c_int, String)> {
    let line = lines().into_iter().nth(device as usize)?;
    let mut parts = line.splitn(4, ' ');
    Some((
        parts.next()?.parse().ok()?,
        parts.next()?.parse().ok()?,
        parts.next()?.parse().ok()?,
        parts.next()?.to_string(),
    ))
}

#[no_mangle]
pub extern "C" fn nvmlInit_v2() -> c_int {
    let first = lines().into_iter().next().unwrap_or_default();
    first
        .strip_prefix("init ")
        .and_then(|status| status.parse().ok())
        .unwrap_or(999)
}

#[no_mangle]
pub extern "C" fn nvmlShutdown() -> c_int {
    0
}

#[no_mangle]
pub unsafe extern "C" fn nvmlDeviceGetCount_v2(count: *mut c_uint) -> c_int {
    *count = lines().len().saturating_sub(1) as c_uint;
    0
}

#[no_mangle]
pub unsafe extern "C" fn nvmlDeviceGetHandleByIndex_v2(
    index: c_uint,
    device: *mut *mut c_void,
) -> c_int {
    *device = (index as usize + 1) as *mut c_void;
    0
}

#[no_mangle]
pub unsafe extern "C" fn nvmlDeviceGetName(
    device: *mut c_void,
    name: *mut c_char,
    length: c_uint,
) -> c_int {
    match gpu(device) {
        Some((_, _, _, text)) if text.len() < length as usize => {
            std::ptr::copy_nonoverlapping(text.as_ptr(), name.cast::<u8>(), text.len());
            *name.add(text.len()) = 0;
            0
        }
        _ => 7,
    }
}

#[no_mangle]
pub unsafe extern "C" fn nvmlDeviceGetMemoryInfo(
    device: *mut c_void,
    memory: *mut Memory,
) -> c_int {
    match gpu(device) {
        Some((total, used, 0, _)) => {
            *memory = Memory {
                total,
                free: total - used,
                used,
            };
            0
        }
        Some((_, _, status, _)) => status,
        None => 15,
    }
}
