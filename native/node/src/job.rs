//! An asynchronous call, from its input to its answer; everything here runs on a thread of the pool.

use crate::layout::{control, transport};
use opbus_core::registry::{self, Refusal, Stream};
use opbus_core::wire::{SlotSink, SlotSource};
use opbus_core::{
    json, Initialization, Instance, ModuleFactory, Port, PressureLevel, Sink, Source, Status,
    Value, Wire, WireError,
};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// At most this many elements of a stream cross together, if they are ready.
const CHUNK: usize = 64;
/// A chunk ends when it has grown to this many slots, or bytes of text.
const CHUNK_SIZE: usize = 1 << 16;

/// What is to be done.
pub enum Work {
    Call {
        instance: Arc<Instance>,
        command: usize,
    },
    Open {
        instance: Arc<Instance>,
        command: usize,
    },
    Next {
        stream: Arc<Mutex<Stream>>,
    },
    Create {
        factories: Arc<Vec<ModuleFactory>>,
    },
    Control {
        instance: Arc<Instance>,
        operation: usize,
    },
    /// What it was asked of is not there.
    Nothing,
}

/// The input of a call, copied: the shared areas are JavaScript's again.
pub struct Input {
    pub slots: Vec<u64>,
    pub text: String,
    pub units: usize,
    pub bytes: Vec<u8>,
    pub transport: usize,
}

/// What a creation or an opening has made.
pub enum Made {
    Nothing,
    Instance(Arc<Instance>),
    Stream(Stream),
}

/// The answer of a call.
pub struct Done {
    pub id: u32,
    pub status: Status,
    pub slots: Vec<u64>,
    pub text: String,
    pub units: usize,
    pub bytes: Vec<u8>,
    pub made: Made,
}

/// An asynchronous call.
pub struct Job {
    pub id: u32,
    pub cancelled: Arc<AtomicBool>,
    pub work: Work,
    pub input: Input,
}

impl Job {
    pub fn run(self) -> Done {
        let Job {
            id,
            cancelled,
            work,
            input,
        } = self;
        if cancelled.load(Ordering::Relaxed) {
            return message(id, Status::Interrupted, "it was cancelled before it began");
        }
        match work {
            Work::Call { instance, command } => {
                let context = instance.context(cancelled);
                answer(id, &input, |port| {
                    (instance.call(command, &context, port), Made::Nothing)
                })
            }
            Work::Open { instance, command } => {
                let context = instance.context(cancelled);
                answer(id, &input, |port| {
                    match instance.open(command, &context, port) {
                        Ok(stream) => (Status::Ok, Made::Stream(stream)),
                        Err(status) => (status, Made::Nothing),
                    }
                })
            }
            Work::Next { stream } => next(id, &input, &mut opbus_core::lock(&stream), cancelled),
            Work::Create { factories } => create(id, &input, &factories),
            Work::Control {
                instance,
                operation,
            } => controlled(id, &input, &instance, operation),
            Work::Nothing => message(id, Status::Unavailable, "it has been released"),
        }
    }
}

/// An answer that is a message.
pub fn message(id: u32, status: Status, text: &str) -> Done {
    Done {
        id,
        status,
        slots: Vec::new(),
        text: text.to_string(),
        units: text.encode_utf16().count(),
        bytes: Vec::new(),
        made: Made::Nothing,
    }
}

/// Runs something that reads one input and writes one answer, over whichever transport.
fn answer(id: u32, input: &Input, body: impl FnOnce(&mut Port<'_>) -> (Status, Made)) -> Done {
    match input.transport {
        transport::JSON => {
            let value = match json::parse(&input.text) {
                Ok(value) => value,
                Err(error) => return message(id, Status::Defect, &error.to_string()),
            };
            let mut port = Port::json(&value);
            let (status, made) = body(&mut port);
            if has_value(status, &made) {
                let text = port.take_json().to_string();
                Done {
                    made,
                    ..message(id, status, &text)
                }
            } else {
                Done {
                    made,
                    ..message(id, status, port.message())
                }
            }
        }
        transport::BYTES => {
            let mut port = Port::bytes(&input.bytes);
            let (status, made) = body(&mut port);
            if has_value(status, &made) {
                Done {
                    bytes: port.take_bytes(),
                    made,
                    ..message(id, status, "")
                }
            } else {
                Done {
                    made,
                    ..message(id, status, port.message())
                }
            }
        }
        _ => {
            let (mut text, mut bytes) = (String::new(), Vec::new());
            let sink = SlotSink::new(&mut [], &mut text, &mut bytes);
            let source = SlotSource::new(&input.slots, &input.text, input.units, &input.bytes);
            let mut port = Port::slots(source, sink);
            let (status, made) = body(&mut port);
            if !has_value(status, &made) {
                return Done {
                    made,
                    ..message(id, status, port.message())
                };
            }
            let (slots, units) = drain(&mut port);
            drop(port);
            Done {
                id,
                status,
                slots,
                text,
                units,
                bytes,
                made,
            }
        }
    }
}

fn has_value(status: Status, made: &Made) -> bool {
    match status {
        Status::Ok => matches!(made, Made::Nothing),
        Status::Failure => true,
        _ => false,
    }
}

fn drain(port: &mut Port<'_>) -> (Vec<u64>, usize) {
    match port.slot_sink() {
        Some(sink) => (sink.take_spill(), sink.text_units()),
        None => (Vec::new(), 0),
    }
}

/// The next elements of a stream: `[count, status, where the message begins]`, then the elements, then, when the status
/// says so, a failure. As JSON they are an array; the three numbers stand in slots all the same.
fn next(id: u32, input: &Input, stream: &mut Stream, cancelled: Arc<AtomicBool>) -> Done {
    let context = stream.instance().context(cancelled);
    let mut count = 0;
    match input.transport {
        transport::JSON => {
            let nothing = Value::Null;
            let mut port = Port::json(&nothing);
            let mut values: Vec<Value> = Vec::new();
            let status = loop {
                let status = stream.next(&context, &mut port);
                if matches!(status, Status::Ok | Status::Failure) {
                    values.push(port.take_json());
                }
                if status != Status::Ok {
                    break status;
                }
                count += 1;
                if count == CHUNK || !stream.is_ready() {
                    break status;
                }
            };
            let text = Value::Array(values).to_string();
            chunk(id, count, status, text, Vec::new(), port.message())
        }
        transport::BYTES => {
            let mut port = Port::bytes(&[]);
            let mut bytes = Vec::new();
            let status = loop {
                let status = stream.next(&context, &mut port);
                if matches!(status, Status::Ok | Status::Failure) {
                    bytes.append(&mut port.take_bytes());
                }
                if status != Status::Ok {
                    break status;
                }
                count += 1;
                if count == CHUNK || bytes.len() > CHUNK_SIZE || !stream.is_ready() {
                    break status;
                }
            };
            chunk(id, count, status, String::new(), bytes, port.message())
        }
        _ => {
            let (mut text, mut bytes) = (String::new(), Vec::new());
            let sink = SlotSink::new(&mut [], &mut text, &mut bytes);
            let mut port = Port::slots(SlotSource::new(&[], "", 0, &[]), sink);
            if let Some(sink) = port.slot_sink() {
                for _ in 0..3 {
                    sink.raw_number(0.0);
                }
            }
            let status = loop {
                let status = stream.next(&context, &mut port);
                if status != Status::Ok {
                    break status;
                }
                count += 1;
                let size = port
                    .slot_sink()
                    .map_or(0, |sink| sink.len() + sink.text_units());
                if count == CHUNK || size > CHUNK_SIZE || !stream.is_ready() {
                    break status;
                }
            };
            let (mut slots, units) = drain(&mut port);
            let message = port.message().to_string();
            drop(port);
            slots[0] = (count as f64).to_bits();
            slots[1] = f64::from(status as u8).to_bits();
            slots[2] = (units as f64).to_bits();
            text.push_str(&message);
            Done {
                id,
                status: Status::Ok,
                slots,
                text,
                units: units + message.encode_utf16().count(),
                bytes,
                made: Made::Nothing,
            }
        }
    }
}

fn chunk(
    id: u32,
    count: usize,
    status: Status,
    mut text: String,
    bytes: Vec<u8>,
    message: &str,
) -> Done {
    let units = text.encode_utf16().count();
    text.push_str(message);
    Done {
        id,
        status: Status::Ok,
        slots: vec![
            (count as f64).to_bits(),
            f64::from(status as u8).to_bits(),
            (units as f64).to_bits(),
        ],
        units: units + message.encode_utf16().count(),
        text,
        bytes,
        made: Made::Nothing,
    }
}

/// Module and configuration come in; what its metrics are prefixed with goes out.
fn create(id: u32, input: &Input, factories: &[ModuleFactory]) -> Done {
    let mut source = SlotSource::new(&input.slots, &input.text, input.units, &input.bytes);
    let asked =
        (|| -> Result<(String, Value), WireError> { Ok((source.string()?, source.json()?)) })();
    let (name, config) = match asked {
        Ok(asked) => asked,
        Err(error) => return message(id, Status::Defect, &error.to_string()),
    };
    let factory = match factories.iter().find(|factory| factory.name == name) {
        Some(factory) => factory,
        None => return message(id, Status::Unavailable, &format!("it has no module {name}")),
    };
    match registry::create(factory, &config) {
        Err(reason) => message(id, Status::Unavailable, &reason),
        Ok(instance) => {
            let prefix = instance.metric_prefix();
            Done {
                made: Made::Instance(instance),
                ..written(id, |sink| {
                    prefix.map(|prefix| {
                        opbus_core::wire::write_option(sink, &prefix, |sink, prefix| {
                            sink.string(prefix)
                        });
                    })
                })
            }
        }
    }
}

fn controlled(id: u32, input: &Input, instance: &Instance, operation: usize) -> Done {
    let mut source = SlotSource::new(&input.slots, &input.text, input.units, &input.bytes);
    let wrong = |error: WireError| Refusal {
        status: Status::Defect,
        message: error.to_string(),
    };
    written(id, |sink| match operation {
        control::HEALTH => instance.health().map(|health| health.write(sink)),
        control::PRESSURE => {
            let level = PressureLevel::read(&mut source).map_err(wrong)?;
            instance.pressure_response(level)
        }
        control::SHED => instance.shed_load(),
        control::HEAL => instance.heal().map(|healed| sink.boolean(healed)),
        control::SHUTDOWN => instance.shutdown(),
        control::METRICS => instance.metrics().map(|figures| {
            opbus_core::wire::write_option(sink, &figures, |sink, figures| sink.json(figures));
        }),
        control::LIST => instance.list_params().map(|list| {
            opbus_core::wire::write_array(sink, &list, |sink, (name, description)| {
                sink.string(name);
                sink.string(description);
            });
        }),
        control::GET => {
            let name = source.string().map_err(wrong)?;
            instance.get_param(&name).map(|value| {
                opbus_core::wire::write_option(sink, &value, |sink, value| sink.json(value));
            })
        }
        control::SET => {
            let name = source.string().map_err(wrong)?;
            let value = source.json().map_err(wrong)?;
            instance.set_param(&name, value).map(|result| {
                opbus_core::wire::write_option(sink, &result.err(), |sink, reason| {
                    sink.string(reason)
                });
            })
        }
        control::INITIALIZE => instance.initialize().map(|result| match result {
            Ok(Initialization::Ready) => sink.index(0),
            Ok(Initialization::Pending { done }) => {
                sink.index(1);
                sink.raw_number(done);
            }
            Err(reason) => {
                sink.index(2);
                sink.string(&reason);
            }
        }),
        _ => Err(Refusal {
            status: Status::Defect,
            message: format!("there is no operation number {operation}"),
        }),
    })
}

/// An answer written by hand.
fn written(id: u32, write: impl FnOnce(&mut SlotSink<'_>) -> Result<(), Refusal>) -> Done {
    let (mut text, mut bytes) = (String::new(), Vec::new());
    let mut sink = SlotSink::new(&mut [], &mut text, &mut bytes);
    if let Err(refusal) = write(&mut sink) {
        return message(id, refusal.status, &refusal.message);
    }
    let (slots, units) = (sink.take_spill(), sink.text_units());
    drop(sink);
    Done {
        id,
        status: Status::Ok,
        slots,
        text,
        units,
        bytes,
        made: Made::Nothing,
    }
}
