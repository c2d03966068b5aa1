//! How answers get from the threads of the pool to the thread of the environment.

use crate::environment::Environment;
use crate::exchange::Answer;
use crate::job::{Done, Made};
use crate::napi::{self, Env, Value, Wake};
use std::collections::VecDeque;
use std::ffi::c_void;
use std::sync::Mutex;

/// Answers that wait for their environment.
///
/// **Invariant**: Node is called only under the lock, and the environment's cleanup empties `wake` under the same lock
/// before Node frees what it stands for. Calling it later would end the process.
pub struct Outbox {
    state: Mutex<State>,
}

struct State {
    done: VecDeque<Done>,
    wake: Option<SendWake>,
    /// Node has been told and has not come yet.
    signalled: bool,
}

struct SendWake(Wake);

// SAFETY: Node's threadsafe functions are made to be called from any thread.
unsafe impl Send for SendWake {}

impl Outbox {
    pub fn new(wake: Wake) -> Self {
        Outbox {
            state: Mutex::new(State {
                done: VecDeque::new(),
                wake: Some(SendWake(wake)),
                signalled: false,
            }),
        }
    }

    /// Hands an answer over; when the environment has ended, nobody wants it.
    pub fn put(&self, done: Done) {
        let mut state = opbus_core::lock(&self.state);
        let wake = match &state.wake {
            Some(wake) => wake.0,
            None => {
                drop(state);
                drop(done);
                return;
            }
        };
        state.done.push_back(done);
        if !state.signalled {
            // SAFETY: under the lock, see above.
            let code = unsafe {
                napi::napi_call_threadsafe_function(wake, std::ptr::null_mut(), napi::NONBLOCKING)
            };
            if code == napi::OK {
                state.signalled = true;
            } else {
                // The environment is closing; it is not to be touched again, nor released.
                state.wake = None;
                let left = std::mem::take(&mut state.done);
                drop(state);
                drop(left);
            }
        }
    }

    /// Takes all answers; the next one wakes the environment again.
    fn take(&self) -> VecDeque<Done> {
        let mut state = opbus_core::lock(&self.state);
        state.signalled = false;
        std::mem::take(&mut state.done)
    }

    /// No answer is wanted any more.
    pub fn close(&self) {
        let mut state = opbus_core::lock(&self.state);
        state.wake = None;
        let left = std::mem::take(&mut state.done);
        drop(state);
        drop(left);
    }
}

/// Node runs this on the thread of the environment.
///
/// # Safety
/// `context` is the environment's own pointer.
pub unsafe extern "C" fn deliver(
    env: Env,
    _function: Value,
    context: *mut c_void,
    _data: *mut c_void,
) {
    if env.is_null() {
        return;
    }
    let environment: *mut Environment = context.cast();
    let outbox = (*environment).outbox.clone();
    for done in outbox.take() {
        let mut scope = std::ptr::null_mut();
        if napi::napi_open_handle_scope(env, &mut scope) != napi::OK {
            return;
        }
        let goes_on = hand_over(env, environment, done);
        napi::napi_close_handle_scope(env, scope);
        if !goes_on {
            return;
        }
    }
}

/// Calls JavaScript with one answer. Whether the environment goes on.
unsafe fn hand_over(env: Env, environment: *mut Environment, done: Done) -> bool {
    let here = &mut *environment;
    here.ended(env, done.id);
    let handle = match done.made {
        Made::Nothing => 0,
        Made::Instance(instance) => here.add_instance(instance),
        Made::Stream(stream) => here.add_stream(stream),
    };
    let answer = Answer {
        status: done.status,
        slots: done.slots,
        bytes: done.bytes,
        handle,
    };
    let text = here.publish(env, answer, (&done.text, done.units));
    let (mut function, mut this, mut id, mut result) = (
        std::ptr::null_mut(),
        std::ptr::null_mut(),
        std::ptr::null_mut(),
        std::ptr::null_mut(),
    );
    if napi::napi_get_reference_value(env, here.done, &mut function) != napi::OK
        || napi::napi_get_undefined(env, &mut this) != napi::OK
        || napi::napi_create_double(env, f64::from(done.id), &mut id) != napi::OK
    {
        return false;
    }
    let arguments = [id, if text.is_null() { this } else { text }];
    // JavaScript may call back into this environment: nothing of it is borrowed from here on.
    let code = napi::napi_call_function(env, this, function, 2, arguments.as_ptr(), &mut result);
    if code == napi::OK {
        return true;
    }
    if code != napi::PENDING_EXCEPTION {
        return false;
    }
    let mut exception = std::ptr::null_mut();
    if napi::napi_get_and_clear_last_exception(env, &mut exception) != napi::OK {
        return false;
    }
    napi::napi_fatal_exception(env, exception) == napi::OK
}
