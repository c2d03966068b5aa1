//! What JavaScript calls.

use crate::environment::{string, Environment};
use crate::exchange::{Answer, Head};
use crate::job::{Job, Work};
use crate::layout::{kind, transport};
use crate::napi::{self, Callback, Env, Info, Ref, Value};
use crate::probe;
use opbus_core::wire::{SlotSink, SlotSource};
use opbus_core::{json, Port, Status};
use std::ffi::c_void;
use std::sync::atomic::AtomicBool;
use std::sync::Arc;

/// Names and functions, as they are exported.
pub const ALL: &[(&str, Callback)] = &[
    ("modules\0", modules),
    ("attach\0", attach),
    ("call\0", call),
    ("start\0", start),
    ("fetch\0", fetch),
    ("cancel\0", cancel),
    ("release\0", release),
    ("close\0", close),
];

/// The arguments of a call and its environment. The pointer is valid as long as the environment is.
unsafe fn arguments<const N: usize>(env: Env, info: Info) -> ([Value; N], usize, *mut Environment) {
    let mut count = N;
    let mut values = [std::ptr::null_mut(); N];
    let mut data: *mut c_void = std::ptr::null_mut();
    napi::napi_get_cb_info(
        env,
        info,
        &mut count,
        values.as_mut_ptr(),
        std::ptr::null_mut(),
        &mut data,
    );
    (values, count, data.cast())
}

unsafe fn throw(env: Env, message: &'static str) -> Value {
    napi::napi_throw_error(env, std::ptr::null(), message.as_ptr().cast());
    std::ptr::null_mut()
}

/// `modules(): string`: what there is, as JSON.
unsafe extern "C" fn modules(env: Env, info: Info) -> Value {
    let (_, _, environment) = arguments::<0>(env, info);
    let text = (*environment).describe();
    string(env, &text, text.encode_utf16().count()).unwrap_or(std::ptr::null_mut())
}

/// `attach(input, output, inputBytes, outputBytes, done, nothing)`: the shared areas, what answers are given to, and a
/// function that does nothing.
unsafe extern "C" fn attach(env: Env, info: Info) -> Value {
    let (values, count, environment) = arguments::<6>(env, info);
    let here = &mut *environment;
    if count < 4
        || !here
            .exchange
            .attach(env, &[values[0], values[1], values[2], values[3]])
    {
        return throw(env, "opbus: attach takes four ArrayBuffers\0");
    }
    if count == 6
        && !(keep(env, values[4], &mut here.done) && keep(env, values[5], &mut here.nothing))
    {
        return throw(env, "opbus: attach takes two functions\0");
    }
    probe::belongs_to(env, here.nothing);
    std::ptr::null_mut()
}

unsafe fn keep(env: Env, value: Value, place: &mut Ref) -> bool {
    if !place.is_null() {
        napi::napi_delete_reference(env, *place);
    }
    napi::napi_create_reference(env, value, 1, place) == napi::OK
}

/// Reads the text of a call into the buffer of the environment.
unsafe fn read_text(env: Env, here: &mut Environment, head: &Head, value: Value) -> bool {
    if head.text == 0 {
        here.text_in.clear();
        return true;
    }
    // A UTF-16 unit is at most three bytes of UTF-8; one more is Node's terminating zero.
    let size = head.text * 3 + 1;
    here.text_in.clear();
    here.text_in.reserve(size);
    let mut written = 0;
    let code = napi::napi_get_value_string_utf8(
        env,
        value,
        here.text_in.as_mut_ptr().cast(),
        size,
        &mut written,
    );
    if code != napi::OK {
        return false;
    }
    here.text_in.set_len(written);
    true
}

/// `call(text?): string | undefined`: runs a command on this thread.
unsafe extern "C" fn call(env: Env, info: Info) -> Value {
    let (values, _, environment) = arguments::<1>(env, info);
    let here = &mut *environment;
    if !here.exchange.is_attached() {
        return throw(env, "opbus: call comes before attach\0");
    }
    let head = here.exchange.head();
    if !read_text(env, here, &head, values[0]) {
        return throw(
            env,
            "opbus: call takes the text that the header speaks of\0",
        );
    }
    if head.transport != 0 {
        return call_otherwise(env, here, &head);
    }
    // SAFETY: Node writes whole characters of well-formed UTF-8, whatever the string holds.
    let text_in = std::str::from_utf8_unchecked(&here.text_in);
    let entry = match here.instances.get(head.handle as usize) {
        Some(Some(entry)) => entry,
        _ => return refuse(env, here, "it has been released"),
    };
    let source = SlotSource::new(
        here.exchange.input(&head),
        text_in,
        head.text,
        here.exchange.input_bytes(&head),
    );
    let sink = SlotSink::new(
        here.exchange.output(),
        &mut here.text_out,
        &mut here.bytes_out,
    );
    let mut port = Port::slots(source, sink);
    let status = entry.instance.call(head.command, &entry.context, &mut port);
    if status as u8 > Status::Failure as u8 {
        let message = port.message().to_string();
        return say(env, here, status, &message);
    }
    let (length, units, spill) = match port.slot_sink() {
        Some(sink) => (sink.len(), sink.text_units(), sink.take_spill()),
        None => (0, 0, Vec::new()),
    };
    drop(port);
    if !spill.is_empty() || !here.exchange.put_bytes(&here.bytes_out) {
        return call_spilled(env, here, status, length, units, &spill);
    }
    let bytes = here.bytes_out.len();
    here.exchange.announce(status, true, length, bytes, 0);
    match string(env, &here.text_out, units) {
        Some(text) => text,
        None => here.too_large(env),
    }
}

/// An answer of which the first slots are in the shared area, and the others in `spill`.
#[cold]
unsafe fn call_spilled(
    env: Env,
    here: &mut Environment,
    status: Status,
    length: usize,
    units: usize,
    spill: &[u64],
) -> Value {
    let mut slots = Vec::with_capacity(length);
    slots.extend_from_slice(&here.exchange.output()[..length - spill.len()]);
    slots.extend_from_slice(spill);
    let answer = Answer {
        status,
        slots,
        bytes: std::mem::take(&mut here.bytes_out),
        handle: 0,
    };
    let text = std::mem::take(&mut here.text_out);
    here.publish(env, answer, (&text, units))
}

/// The transports `json` and `bytes`.
unsafe fn call_otherwise(env: Env, here: &mut Environment, head: &Head) -> Value {
    let text = match String::from_utf8(std::mem::take(&mut here.text_in)) {
        Ok(text) => text,
        Err(_) => return throw(env, "opbus: the text is not UTF-8\0"),
    };
    let entry = match here.instance(head.handle) {
        Some(entry) => entry,
        None => return refuse(env, here, "it has been released"),
    };
    let (status, text, bytes) = if head.transport == transport::BYTES {
        let mut port = Port::bytes(here.exchange.input_bytes(head));
        let status = entry.instance.call(head.command, &entry.context, &mut port);
        (status, port.message().to_string(), port.take_bytes())
    } else {
        match json::parse(&text) {
            Err(error) => (Status::Defect, error.to_string(), Vec::new()),
            Ok(value) => {
                let mut port = Port::json(&value);
                let status = entry.instance.call(head.command, &entry.context, &mut port);
                let text = if status as u8 > Status::Failure as u8 {
                    port.message().to_string()
                } else {
                    port.take_json().to_string()
                };
                (status, text, Vec::new())
            }
        }
    };
    here.text_in = Vec::new();
    let units = text.encode_utf16().count();
    let answer = Answer {
        bytes,
        ..Answer::without_value(status)
    };
    here.publish(env, answer, (&text, units))
}

unsafe fn refuse(env: Env, here: &mut Environment, message: &str) -> Value {
    say(env, here, Status::Unavailable, message)
}

/// An answer without a value.
unsafe fn say(env: Env, here: &mut Environment, status: Status, message: &str) -> Value {
    let units = message.encode_utf16().count();
    here.publish(env, Answer::without_value(status), (message, units))
}

/// `start(text?)`: runs what the header says on the pool; the answer goes to `done`.
unsafe extern "C" fn start(env: Env, info: Info) -> Value {
    let (values, _, environment) = arguments::<1>(env, info);
    let here = &mut *environment;
    if !here.exchange.is_attached() || here.done.is_null() {
        return throw(env, "opbus: start comes before attach\0");
    }
    let head = here.exchange.head();
    if !read_text(env, here, &head, values[0]) {
        return throw(
            env,
            "opbus: start takes the text that the header speaks of\0",
        );
    }
    let text = match String::from_utf8(here.text_in.clone()) {
        Ok(text) => text,
        Err(_) => return throw(env, "opbus: the text is not UTF-8\0"),
    };
    let instance = here
        .instance(head.handle)
        .map(|entry| entry.instance.clone());
    let command = head.command;
    let work = match head.kind {
        kind::CALL => instance.map(|instance| Work::Call { instance, command }),
        kind::OPEN => instance.map(|instance| Work::Open { instance, command }),
        kind::CONTROL => instance.map(|instance| Work::Control {
            instance,
            operation: command,
        }),
        kind::NEXT => here.streams.get(&head.handle).map(|stream| Work::Next {
            stream: stream.clone(),
        }),
        kind::CREATE => Some(Work::Create {
            factories: here.factories.clone(),
        }),
        _ => None,
    };
    let job = Job {
        id: head.id,
        cancelled: Arc::new(AtomicBool::new(false)),
        work: work.unwrap_or(Work::Nothing),
        input: here.input(&head, text),
    };
    here.start(
        env,
        job,
        head.kind == kind::CONTROL || head.kind == kind::CREATE,
    );
    std::ptr::null_mut()
}

/// `fetch()`: writes the answer that did not fit, after `attach` has made room.
unsafe extern "C" fn fetch(env: Env, info: Info) -> Value {
    let (_, _, environment) = arguments::<0>(env, info);
    let here = &mut *environment;
    if let Some(answer) = here.unfetched.take() {
        if !here.exchange.put(&answer) {
            return throw(env, "opbus: the areas are still too small\0");
        }
    }
    std::ptr::null_mut()
}

unsafe fn number(env: Env, value: Value) -> u32 {
    let mut number = 0.0;
    napi::napi_get_value_double(env, value, &mut number);
    number as u32
}

/// `cancel(id)`: nobody wants the answer of this call; it is still given.
unsafe extern "C" fn cancel(env: Env, info: Info) -> Value {
    let (values, _, environment) = arguments::<1>(env, info);
    (*environment).cancel(number(env, values[0]));
    std::ptr::null_mut()
}

/// `release(instance)`: forgets an instance; it is shut down, if it has not been, after its last call.
unsafe extern "C" fn release(env: Env, info: Info) -> Value {
    let (values, _, environment) = arguments::<1>(env, info);
    let here = &mut *environment;
    let handle = number(env, values[0]) as usize;
    if let Some(entry) = here.instances.get_mut(handle).and_then(Option::take) {
        here.discard(entry.instance);
    }
    std::ptr::null_mut()
}

/// `close(stream)`: forgets a stream.
unsafe extern "C" fn close(env: Env, info: Info) -> Value {
    let (values, _, environment) = arguments::<1>(env, info);
    let here = &mut *environment;
    if let Some(stream) = here.streams.remove(&number(env, values[0])) {
        here.discard(stream);
    }
    std::ptr::null_mut()
}
