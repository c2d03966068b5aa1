//! Values of every type that a spec can name, and calls that go wrong in every way, as generated code would have them;
//! hand-written, so that the binding has tests of its own.

use super::echo_service;
use opbus_core::codec::{
    self, Any, Boolean, Bytes, Codec, Int32, Int64, Integer, List, Map, Maybe, Number, Own, Text,
    Time, Uint32, Uint64,
};
use opbus_core::json::{self, Json, JsonError};
use opbus_core::wire::{Sink, Source, Wire, WireError};
use opbus_core::{
    CallContext, CommandInfo, Configurable, Elements, Lifecycle, ManagedService, MetricsEmitter,
    Mode, ModuleFactory, Port, ServiceModule, Status, StreamSource, Timestamp, Value,
};
use std::collections::BTreeMap;

/// A struct, field by field: its type, its key, and what it crosses by.
macro_rules! structure {
    ($name:ident { $($field:ident: $kind:ty, $key:literal, $codec:ty, $read:ident, $write:ident, $from:ident, $put:ident;)* }) => {
        #[derive(Debug, Clone, PartialEq)]
        pub struct $name {
            $(pub $field: $kind,)*
        }

        impl Wire for $name {
            fn read<R: Source>(source: &mut R) -> Result<Self, WireError> {
                source.nested(|_source| Ok($name { $($field: <$codec>::$read(_source)?,)* }))
            }

            fn write<W: Sink>(&self, _sink: &mut W) {
                $(<$codec>::$write(&self.$field, _sink);)*
            }
        }

        impl Json for $name {
            fn from_json(value: &Value) -> Result<Self, JsonError> {
                json::read_object(value)?;
                Ok($name { $($field: <$codec>::$from(value, $key)?,)* })
            }

            fn to_json(&self) -> Value {
                let mut _object = Vec::new();
                $(<$codec>::$put(&mut _object, $key, &self.$field);)*
                Value::Object(_object)
            }
        }
    };
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Level {
    Low,
    High,
}

impl Level {
    const ALL: [Level; 2] = [Level::Low, Level::High];

    fn name(self) -> &'static str {
        match self {
            Level::Low => "low",
            Level::High => "high",
        }
    }
}

impl Wire for Level {
    fn read<R: Source>(source: &mut R) -> Result<Self, WireError> {
        Ok(Self::ALL[source.index(Self::ALL.len())?])
    }

    fn write<W: Sink>(&self, sink: &mut W) {
        sink.index(*self as usize);
    }
}

impl Json for Level {
    fn from_json(value: &Value) -> Result<Self, JsonError> {
        codec::one_of(value, &Self::ALL, Level::name)
    }

    fn to_json(&self) -> Value {
        json::write_string(self.name())
    }
}

#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    Circle { radius: f64 },
    Square { side: f64, label: Option<String> },
}

impl Wire for Shape {
    fn read<R: Source>(source: &mut R) -> Result<Self, WireError> {
        match source.index(2)? {
            0 => Ok(Shape::Circle {
                radius: Number::read(source)?,
            }),
            _ => Ok(Shape::Square {
                side: Number::read(source)?,
                label: Text::read_optional(source)?,
            }),
        }
    }

    fn write<W: Sink>(&self, sink: &mut W) {
        match self {
            Shape::Circle { radius } => {
                sink.index(0);
                Number::write(radius, sink);
            }
            Shape::Square { side, label } => {
                sink.index(1);
                Number::write(side, sink);
                Text::write_optional(label, sink);
            }
        }
    }
}

impl Json for Shape {
    fn from_json(value: &Value) -> Result<Self, JsonError> {
        match json::read_tag(value, "_tag")? {
            "Circle" => Ok(Shape::Circle {
                radius: Number::field(value, "radius")?,
            }),
            "Square" => Ok(Shape::Square {
                side: Number::field(value, "side")?,
                label: Text::optional_field(value, "label")?,
            }),
            _ => Err(codec::unknown_tag("_tag", &["Circle", "Square"])),
        }
    }

    fn to_json(&self) -> Value {
        let mut fields = Vec::new();
        match self {
            Shape::Circle { radius } => {
                Number::put(&mut fields, "radius", radius);
                codec::tagged("_tag", "Circle", fields)
            }
            Shape::Square { side, label } => {
                Number::put(&mut fields, "side", side);
                Text::put_optional(&mut fields, "label", label);
                codec::tagged("_tag", "Square", fields)
            }
        }
    }
}

structure!(Tree {
    name: String, "name", Text, read, write, field, put;
    children: Vec<Tree>, "children", List<Own<Tree>>, read, write, field, put;
});

structure!(Everything {
    text: String, "text", Text, read, write, field, put;
    flag: bool, "flag", Boolean, read, write, field, put;
    number: f64, "number", Number, read, write, field, put;
    integer: i64, "integer", Integer, read, write, field, put;
    small: i32, "small", Int32, read, write, field, put;
    natural: u32, "natural", Uint32, read, write, field, put;
    big: i64, "big", Int64, read, write, field, put;
    huge: u64, "huge", Uint64, read, write, field, put;
    data: Vec<u8>, "data", Bytes, read, write, field, put;
    at: Timestamp, "at", Time, read, write, field, put;
    json: Value, "json", Any, read, write, field, put;
    level: Level, "level", Own<Level>, read, write, field, put;
    tags: Vec<String>, "tags", List<Text>, read, write, field, put;
    scores: BTreeMap<String, f64>, "scores", Map<Number>, read, write, field, put;
    maybe: Option<String>, "maybe", Maybe<Text>, read, write, field, put;
    hint: Option<f64>, "hint", Number, read_optional, write_optional, optional_field, put_optional;
    both: Option<Option<String>>, "both", Maybe<Text>, read_optional, write_optional, optional_field, put_optional;
    shape: Shape, "shape", Own<Shape>, read, write, field, put;
    tree: Tree, "tree", Own<Tree>, read, write, field, put;
});

structure!(AddParams {
    x: f64, "x", Number, read, write, field, put;
    y: f64, "y", Number, read, write, field, put;
    name: String, "name", Text, read, write, field, put;
});
structure!(AddResult {
    sum: f64, "sum", Number, read, write, field, put;
    name: String, "name", Text, read, write, field, put;
});
structure!(CountParams {
    count: u32, "count", Uint32, read, write, field, put;
    fail_at: Option<u32>, "failAt", Uint32, read_optional, write_optional, optional_field, put_optional;
    panic_at: Option<u32>, "panicAt", Uint32, read_optional, write_optional, optional_field, put_optional;
    slow: bool, "slow", Boolean, read, write, field, put;
});
structure!(CountResult {
    number: u32, "number", Uint32, read, write, field, put;
    name: String, "name", Text, read, write, field, put;
});
structure!(LargeParams {
    items: u32, "items", Uint32, read, write, field, put;
    bytes: u32, "bytes", Uint32, read, write, field, put;
});
structure!(LargeResult {
    numbers: Vec<f64>, "numbers", List<Number>, read, write, field, put;
    texts: Vec<String>, "texts", List<Text>, read, write, field, put;
    data: Vec<u8>, "data", Bytes, read, write, field, put;
});
structure!(PanicParams {
    message: String, "message", Text, read, write, field, put;
});
structure!(Nothing {});
structure!(SlowParams {
    millis: u32, "millis", Uint32, read, write, field, put;
    deaf: bool, "deaf", Boolean, read, write, field, put;
});
structure!(StatsResult {
    running: u32, "running", Uint32, read, write, field, put;
    finished: u32, "finished", Uint32, read, write, field, put;
    cancelled: u32, "cancelled", Uint32, read, write, field, put;
    streams: u32, "streams", Uint32, read, write, field, put;
    events: Vec<String>, "events", List<Text>, read, write, field, put;
});
structure!(RefusedParams {
    which: u32, "which", Uint32, read, write, field, put;
});

/// The failures of this module, all commands together; generated code has one such enum per command.
#[derive(Debug, Clone, PartialEq)]
pub enum EchoError {
    Refused { reason: String },
    TooMany { limit: u32, asked: i64 },
}

impl Wire for EchoError {
    fn read<R: Source>(source: &mut R) -> Result<Self, WireError> {
        match source.index(2)? {
            0 => Ok(EchoError::Refused {
                reason: Text::read(source)?,
            }),
            _ => Ok(EchoError::TooMany {
                limit: Uint32::read(source)?,
                asked: Int64::read(source)?,
            }),
        }
    }

    fn write<W: Sink>(&self, sink: &mut W) {
        match self {
            EchoError::Refused { reason } => {
                sink.index(0);
                Text::write(reason, sink);
            }
            EchoError::TooMany { limit, asked } => {
                sink.index(1);
                Uint32::write(limit, sink);
                Int64::write(asked, sink);
            }
        }
    }
}

impl Json for EchoError {
    fn from_json(value: &Value) -> Result<Self, JsonError> {
        match json::read_tag(value, "_tag")? {
            "Refused" => Ok(EchoError::Refused {
                reason: Text::field(value, "reason")?,
            }),
            "TooMany" => Ok(EchoError::TooMany {
                limit: Uint32::field(value, "limit")?,
                asked: Int64::field(value, "asked")?,
            }),
            _ => Err(codec::unknown_tag("_tag", &["Refused", "TooMany"])),
        }
    }

    fn to_json(&self) -> Value {
        let mut fields = Vec::new();
        match self {
            EchoError::Refused { reason } => {
                Text::put(&mut fields, "reason", reason);
                codec::tagged("_tag", "Refused", fields)
            }
            EchoError::TooMany { limit, asked } => {
                Uint32::put(&mut fields, "limit", limit);
                Int64::put(&mut fields, "asked", asked);
                codec::tagged("_tag", "TooMany", fields)
            }
        }
    }
}

pub trait EchoService: ManagedService + Lifecycle + MetricsEmitter + Configurable {
    fn add(&self, context: &CallContext, params: AddParams) -> Result<AddResult, EchoError>;
    fn all(&self, context: &CallContext, params: Everything) -> Result<Everything, EchoError>;
    fn count(
        &self,
        context: &CallContext,
        params: CountParams,
    ) -> Result<Box<dyn StreamSource<CountResult, EchoError>>, EchoError>;
    fn fail(&self, context: &CallContext, params: RefusedParams) -> Result<Nothing, EchoError>;
    fn large(&self, context: &CallContext, params: LargeParams) -> Result<LargeResult, EchoError>;
    fn nan(&self, context: &CallContext, params: Nothing) -> Result<AddResult, EchoError>;
    fn panic(&self, context: &CallContext, params: PanicParams) -> Result<Nothing, EchoError>;
    fn slow(&self, context: &CallContext, params: SlowParams) -> Result<Nothing, EchoError>;
    fn stats(&self, context: &CallContext, params: Nothing) -> Result<StatsResult, EchoError>;
}

pub struct EchoModule<S: EchoService> {
    service: S,
}

impl<S: EchoService> ServiceModule for EchoModule<S> {
    fn managed(&self) -> &dyn ManagedService {
        &self.service
    }

    fn lifecycle(&self) -> Option<&dyn Lifecycle> {
        Some(&self.service)
    }

    fn metrics(&self) -> Option<&dyn MetricsEmitter> {
        Some(&self.service)
    }

    fn configurable(&self) -> Option<&dyn Configurable> {
        Some(&self.service)
    }

    fn call(&self, command: usize, context: &CallContext, port: &mut Port<'_>) -> Status {
        match command {
            0 => port.run(|params| self.service.add(context, params)),
            1 => port.run(|params| self.service.all(context, params)),
            3 => port.run(|params| self.service.fail(context, params)),
            4 => port.run(|params| self.service.large(context, params)),
            5 => port.run(|params| self.service.nan(context, params)),
            6 => port.run(|params| self.service.panic(context, params)),
            7 => port.run(|params| self.service.slow(context, params)),
            8 => port.run(|params| self.service.stats(context, params)),
            _ => port.no_such_command(command),
        }
    }

    fn open(
        &self,
        command: usize,
        context: &CallContext,
        port: &mut Port<'_>,
    ) -> Result<Box<dyn Elements>, Status> {
        match command {
            2 => port.open(|params| self.service.count(context, params)),
            _ => Err(port.no_such_command(command)),
        }
    }
}

const fn command(name: &'static str, mode: Mode) -> CommandInfo {
    CommandInfo { name, mode }
}

pub const FACTORY: ModuleFactory = ModuleFactory {
    name: "echo",
    spec_hash: "echo-1",
    commands: &[
        command("echo/add", Mode::Sync),
        command("echo/all", Mode::Sync),
        command("echo/count", Mode::Stream),
        command("echo/fail", Mode::Sync),
        command("echo/large", Mode::Sync),
        command("echo/nan", Mode::Sync),
        command("echo/panic", Mode::Sync),
        command("echo/slow", Mode::Async),
        command("echo/stats", Mode::Sync),
    ],
    create: |config| {
        echo_service::create(config)
            .map(|service| Box::new(EchoModule { service }) as Box<dyn ServiceModule>)
    },
};

#[cfg(test)]
mod tests {
    use super::{Everything, FACTORY};
    use opbus_core::json::{self, Json};
    use opbus_core::wire::{BinarySink, BinarySource, SlotSink, SlotSource, Wire, MAX_DEPTH};
    use opbus_core::{registry, CallContext, Port, Status, Value};

    const ALL: &str = r#"{"text":"a\u00e9\ud83d\ude00","flag":true,"number":-0.5,"integer":-9007199254740991,"small":-2147483648,"natural":4294967295,"big":"-9223372036854775808","huge":"18446744073709551615","data":"AP8=","at":"2026-11-21T10:00:00.123Z","json":{"a":[1,null,{"b":"c"}]},"level":"high","tags":["","x\u2028"],"scores":{"a":1,"\u00fc":2.5},"maybe":null,"both":null,"shape":{"_tag":"Square","side":2,"label":"l"},"tree":{"name":"root","children":[{"name":"leaf","children":[]}]}}"#;

    fn all() -> Everything {
        Everything::from_json(&json::parse(ALL).unwrap()).unwrap()
    }

    #[test]
    fn every_type_survives_json() {
        assert_eq!(all().to_json(), json::parse(ALL).unwrap());
    }

    #[test]
    fn every_type_survives_the_buffer() {
        let mut sink = BinarySink::new();
        all().write(&mut sink);
        let bytes = sink.into_bytes();
        assert_eq!(Everything::read(&mut BinarySource::new(&bytes)), Ok(all()));
        for length in 0..bytes.len() {
            assert!(Everything::read(&mut BinarySource::new(&bytes[..length])).is_err());
        }
    }

    #[test]
    fn every_type_survives_the_slots_however_few_are_shared() {
        for shared in [0, 1, 7, 19, 100] {
            let (mut text, mut bytes, mut shared) = (String::new(), Vec::new(), vec![0; shared]);
            let mut sink = SlotSink::new(&mut shared, &mut text, &mut bytes);
            all().write(&mut sink);
            let (length, units, spill) = (sink.len(), sink.text_units(), sink.take_spill());
            drop(sink);
            shared.truncate(length);
            shared.extend(spill);
            assert_eq!(shared.len(), length);
            assert_eq!(units, text.encode_utf16().count());
            let mut source = SlotSource::new(&shared, &text, units, &bytes);
            assert_eq!(Everything::read(&mut source), Ok(all()));
            for length in 0..length {
                let mut source = SlotSource::new(&shared[..length], &text, units, &bytes);
                assert!(Everything::read(&mut source).is_err());
            }
        }
    }

    #[test]
    fn random_input_is_an_error_and_never_a_panic() {
        let mut state: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut random = move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        };
        for _ in 0..20_000 {
            let slots: Vec<u64> = (0..random() % 64)
                .map(|_| match random() % 4 {
                    0 => random(),
                    1 => f64::NAN.to_bits(),
                    _ => ((random() % 8) as f64).to_bits(),
                })
                .collect();
            let text = "a\u{e9}\u{1f600}{}[1]";
            let mut source = SlotSource::new(&slots, text, text.encode_utf16().count(), &[1, 2, 3]);
            let _ = Everything::read(&mut source);
            let bytes: Vec<u8> = (0..random() % 200).map(|_| (random() % 7) as u8).collect();
            let _ = Everything::read(&mut BinarySource::new(&bytes));
        }
    }

    #[test]
    fn a_value_that_is_too_deep_is_an_error() {
        let mut slots = Vec::new();
        for _ in 0..=MAX_DEPTH {
            slots.extend([0.0f64.to_bits(), 1.0f64.to_bits()]);
        }
        let mut source = SlotSource::new(&slots, "", 0, &[]);
        let error = super::Tree::read(&mut source).unwrap_err();
        assert!(error.to_string().contains("deeper"), "{error}");
    }

    #[test]
    fn a_panic_is_a_defect_and_the_instance_lives_on() {
        let instance = registry::create(&FACTORY, &Value::Null).unwrap();
        let input = json::parse(r#"{"message":"boom"}"#).unwrap();
        let mut port = Port::json(&input);
        assert_eq!(
            instance.call(6, &CallContext::never(), &mut port),
            Status::Defect
        );
        assert!(
            port.message()
                .starts_with("panic: boom (native/core/src/testing"),
            "{}",
            port.message()
        );
        let input = json::parse(r#"{"x":1,"y":2,"name":"n"}"#).unwrap();
        let mut port = Port::json(&input);
        assert_eq!(
            instance.call(0, &CallContext::never(), &mut port),
            Status::Ok
        );
        assert_eq!(port.take_json().to_string(), r#"{"sum":3,"name":"n"}"#);
    }

    #[test]
    fn a_number_that_json_cannot_say_is_a_defect() {
        let instance = registry::create(&FACTORY, &Value::Null).unwrap();
        let (mut text, mut bytes) = (String::new(), Vec::new());
        let sink = SlotSink::new(&mut [], &mut text, &mut bytes);
        let mut port = Port::slots(SlotSource::new(&[], "", 0, &[]), sink);
        assert_eq!(
            instance.call(5, &CallContext::never(), &mut port),
            Status::Defect
        );
        assert_eq!(port.message(), "a number of the result is not finite");
    }

    #[test]
    fn nothing_runs_after_the_shutdown() {
        let instance = registry::create(&FACTORY, &Value::Null).unwrap();
        assert!(registry::get(instance.number()).is_some());
        assert!(registry::metrics().iter().any(|(name, _)| name == "echo"));
        instance.shutdown().unwrap();
        instance.shutdown().unwrap();
        let input = json::parse("{}").unwrap();
        let mut port = Port::json(&input);
        assert_eq!(
            instance.call(8, &CallContext::never(), &mut port),
            Status::Unavailable
        );
        assert_eq!(port.message(), "echo has been shut down");
        assert_eq!(instance.health().unwrap_err().status, Status::Unavailable);
        let number = instance.number();
        drop(instance);
        assert!(registry::get(number).is_none());
    }

    #[test]
    fn a_shutdown_cancels_what_is_running_and_waits_for_it() {
        let instance = registry::create(&FACTORY, &Value::Null).unwrap();
        let other = instance.clone();
        let call = std::thread::spawn(move || {
            let input = json::parse(r#"{"millis":60000,"deaf":false}"#).unwrap();
            let mut port = Port::json(&input);
            other.call(7, &other.context(Default::default()), &mut port)
        });
        let running = || {
            let input = json::parse("{}").unwrap();
            let mut port = Port::json(&input);
            instance.call(8, &CallContext::never(), &mut port);
            port.take_json().get("running").and_then(Value::as_u64) == Some(1)
        };
        while !running() {
            std::thread::yield_now();
        }
        instance.shutdown().unwrap();
        assert_eq!(call.join().unwrap(), Status::Unavailable);
    }

    #[test]
    fn a_shutdown_waits_for_what_does_not_listen() {
        let instance = registry::create(&FACTORY, &Value::Null).unwrap();
        let begun = std::time::Instant::now();
        let (entered, enters) = std::sync::mpsc::channel();
        let other = instance.clone();
        let call = std::thread::spawn(move || {
            let input = json::parse(r#"{"millis":1000,"deaf":true}"#).unwrap();
            let mut port = Port::json(&input);
            entered.send(()).unwrap();
            other.call(7, &other.context(Default::default()), &mut port)
        });
        enters.recv().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(200));
        instance.shutdown().unwrap();
        assert!(begun.elapsed() >= std::time::Duration::from_millis(1000));
        assert_eq!(call.join().unwrap(), Status::Ok);
    }
}
