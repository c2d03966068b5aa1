//! Whether a synchronous call should end: it blocks the very thread on which it would be told.
//!
//! `worker.terminate()` reaches a thread that runs native code only when it next runs JavaScript. So a call that polls
//! its context runs a little, at most once in a millisecond; when that does not come back, the thread is being ended.

use crate::napi::{self, Env, Ref};
use std::cell::Cell;
use std::time::{Duration, Instant};

const PERIOD: Duration = Duration::from_millis(1);

thread_local! {
    /// The environment of this thread, and a function of it that does nothing.
    static CALLER: Cell<Option<(Env, Ref)>> = const { Cell::new(None) };
    static LAST: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// Says whose thread this is.
pub fn belongs_to(env: Env, nothing: Ref) {
    CALLER.with(|caller| caller.set(Some((env, nothing))));
}

/// The context of synchronous calls asks this until it is told so; then the call ends, or the context remembers.
pub fn is_ending() -> bool {
    // On any other thread that the module has handed its context to, there is nobody to ask.
    let (env, nothing) = match CALLER.with(Cell::get) {
        Some(caller) => caller,
        None => return false,
    };
    let now = Instant::now();
    let due = LAST
        .with(Cell::get)
        .map_or(true, |last| now.duration_since(last) >= PERIOD);
    if !due {
        return false;
    }
    LAST.with(|last| last.set(Some(now)));
    // SAFETY: this is the thread of the environment, and its native function has not returned.
    unsafe { does_not_come_back(env, nothing) }
}

unsafe fn does_not_come_back(env: Env, nothing: Ref) -> bool {
    let mut scope = std::ptr::null_mut();
    if napi::napi_open_handle_scope(env, &mut scope) != napi::OK {
        return true;
    }
    let mut function = std::ptr::null_mut();
    let mut this = std::ptr::null_mut();
    let mut result = std::ptr::null_mut();
    let came_back = napi::napi_get_reference_value(env, nothing, &mut function) == napi::OK
        && napi::napi_get_undefined(env, &mut this) == napi::OK
        && napi::napi_call_function(env, this, function, 0, std::ptr::null(), &mut result)
            == napi::OK;
    napi::napi_close_handle_scope(env, scope);
    !came_back
}
