//! Where a call's input comes from and where its answer goes: one door for the three transports.

use crate::json::Json;
use crate::stream::{Elements, StreamSource, Typed};
use crate::value::Value;
use crate::wire::{BinarySink, BinarySource, SlotSink, SlotSource, Wire};

/// How a call ended. The numbers are part of the ABI.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Status {
    /// The answer is the result, or an element of a stream.
    Ok = 0,
    /// The answer is a failure that the spec names.
    Failure = 1,
    /// A bug; the message says which.
    Defect = 2,
    /// The service does not take calls; the message says why.
    Unavailable = 3,
    /// The call noticed that it was cancelled.
    Interrupted = 4,
    /// A stream has no more elements.
    End = 5,
}

enum Door<'a> {
    Slots(SlotSource<'a>, SlotSink<'a>),
    Bytes(BinarySource<'a>, BinarySink),
    Json(&'a Value, Value),
}

/// One call's input and answer.
pub struct Port<'a> {
    door: Door<'a>,
    message: String,
}

impl<'a> Port<'a> {
    /// The fast path: numbers in shared slots, strings joined.
    pub fn slots(source: SlotSource<'a>, sink: SlotSink<'a>) -> Self {
        Port::through(Door::Slots(source, sink))
    }

    /// The transport `bytes`: everything in one buffer.
    pub fn bytes(input: &'a [u8]) -> Self {
        Port::through(Door::Bytes(BinarySource::new(input), BinarySink::new()))
    }

    /// The transport `json`, and the sidecar.
    pub fn json(input: &'a Value) -> Self {
        Port::through(Door::Json(input, Value::Null))
    }

    /// Where a port made by [`Port::slots`] writes.
    pub fn slot_sink(&mut self) -> Option<&mut SlotSink<'a>> {
        match &mut self.door {
            Door::Slots(_, sink) => Some(sink),
            _ => None,
        }
    }

    /// What was written to a port made by [`Port::bytes`] since it was last asked.
    pub fn take_bytes(&mut self) -> Vec<u8> {
        match &mut self.door {
            Door::Bytes(_, sink) => std::mem::take(sink).into_bytes(),
            _ => Vec::new(),
        }
    }

    /// What was written to a port made by [`Port::json`] since it was last asked.
    pub fn take_json(&mut self) -> Value {
        match &mut self.door {
            Door::Json(_, output) => std::mem::replace(output, Value::Null),
            _ => Value::Null,
        }
    }

    fn through(door: Door<'a>) -> Self {
        Port {
            door,
            message: String::new(),
        }
    }

    /// What a status that carries no value says.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Reads the params, runs the command, writes its result or its failure.
    pub fn run<P, T, E>(&mut self, command: impl FnOnce(P) -> Result<T, E>) -> Status
    where
        P: Wire + Json,
        T: Wire + Json,
        E: Wire + Json,
    {
        match self.params() {
            None => Status::Defect,
            Some(params) => match command(params) {
                Ok(result) => self.answer(Status::Ok, &result),
                Err(failure) => self.answer(Status::Failure, &failure),
            },
        }
    }

    /// Reads the params and opens a stream; what fails at once is written as a failure.
    pub fn open<P, T, E>(
        &mut self,
        command: impl FnOnce(P) -> Result<Box<dyn StreamSource<T, E>>, E>,
    ) -> Result<Box<dyn Elements>, Status>
    where
        P: Wire + Json,
        T: Wire + Json + 'static,
        E: Wire + Json + 'static,
    {
        let params = self.params().ok_or(Status::Defect)?;
        match command(params) {
            Ok(source) => Ok(Box::new(Typed(source))),
            Err(failure) => Err(self.answer(Status::Failure, &failure)),
        }
    }

    /// Writes a value; the status is a defect when the value cannot be expressed.
    pub fn answer<T: Wire + Json>(&mut self, status: Status, value: &T) -> Status {
        let fault = match &mut self.door {
            Door::Slots(_, sink) => {
                value.write(sink);
                sink.take_fault()
            }
            Door::Bytes(_, sink) => {
                value.write(sink);
                sink.take_fault()
            }
            Door::Json(_, output) => {
                *output = value.to_json();
                None
            }
        };
        match fault {
            None => status,
            Some(message) => self.refuse(Status::Defect, message),
        }
    }

    /// Ends a call without a value.
    pub fn refuse(&mut self, status: Status, message: impl Into<String>) -> Status {
        self.message = message.into();
        status
    }

    /// There is no command of this number, or it runs another way (a stream is opened, not called).
    pub fn no_such_command(&mut self, command: usize) -> Status {
        self.refuse(
            Status::Defect,
            format!("the module has no command number {command} that runs this way"),
        )
    }

    /// Reads the params, or refuses with a defect. An option, because a result with a status of one byte beside the params
    /// is copied byte by byte, which stalls.
    fn params<P: Wire + Json>(&mut self) -> Option<P> {
        let params = match &mut self.door {
            Door::Slots(source, _) => P::read(source).map_err(|error| error.to_string()),
            Door::Bytes(source, _) => P::read(source).map_err(|error| error.to_string()),
            Door::Json(input, _) => P::from_json(input).map_err(|error| error.to_string()),
        };
        match params {
            Ok(params) => Some(params),
            Err(message) => {
                let message = format!("the input does not have the command's shape: {message}");
                self.refuse(Status::Defect, message);
                None
            }
        }
    }
}
