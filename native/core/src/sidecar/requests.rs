//! From a line to what it asks for.

use super::session::{
    Answer, Fault, Session, INVALID_PARAMS, INVALID_REQUEST, METHOD_NOT_FOUND, PARSE_ERROR,
};
use super::PROTOCOL;
use crate::json::{parse_within, Json, Limits};
use crate::port::{Port, Status};
use crate::registry::{self, Instance, Refusal};
use crate::service::{Initialization, ModuleFactory, PressureLevel};
use crate::value::Value;
use std::sync::atomic::AtomicBool;
use std::sync::Arc;

/// The envelope is a few levels deep itself.
const MAX_DEPTH: usize = Limits::DEFAULT.depth + 4;

/// An answer to `next` holds elements until it is this long.
const MANY_BYTES: usize = 256 * 1024;

/// The most elements that one answer to `next` holds.
const MANY_ITEMS: u64 = 1024;

/// Handles one message.
pub fn receive(session: &Arc<Session>, line: &[u8]) {
    let limits = Limits {
        bytes: usize::MAX,
        depth: MAX_DEPTH,
    };
    let parsed = std::str::from_utf8(line)
        .map_err(|_| "it is not UTF-8".to_string())
        .and_then(|text| parse_within(text, limits).map_err(|error| error.to_string()));
    let message = match parsed {
        Ok(message) => message,
        Err(error) => {
            let reason = format!("a message is no JSON: {error}");
            return session.fault(None, (PARSE_ERROR, reason));
        }
    };
    let id = message.get("id").and_then(Value::as_u64);
    let method = match message.get("method").and_then(Value::as_str) {
        Some(method) => method.to_string(),
        None => {
            let reason = "a message needs a \"method\"".to_string();
            return session.fault(id, (INVALID_REQUEST, reason));
        }
    };
    let params = Params(message.get("params").cloned().unwrap_or(Value::Null));
    if message.get("id").is_none() {
        return notify(session, &method, &params);
    }
    let id = match id {
        Some(id) => id,
        None => {
            let reason = "the \"id\" of a request is a whole number".to_string();
            return session.fault(None, (INVALID_REQUEST, reason));
        }
    };
    let flag = match session.begin(id) {
        Some(flag) => flag,
        None => {
            let reason = format!("the id {id} is in use");
            return session.fault(Some(id), (INVALID_REQUEST, reason));
        }
    };
    if let Err(fault) = request(session, id, flag, &method, params) {
        session.forget(id);
        session.fault(Some(id), fault);
    }
}

fn notify(session: &Arc<Session>, method: &str, params: &Params) {
    match method {
        "cancel" => {
            if let Ok(id) = params.number("id") {
                session.cancel(id);
            }
        }
        "close" => {
            if let Ok(stream) = params.number("stream") {
                session.close(stream);
            }
        }
        _ => {}
    }
}

fn request(
    session: &Arc<Session>,
    id: u64,
    flag: Arc<AtomicBool>,
    method: &str,
    params: Params,
) -> Result<(), Fault> {
    match method {
        "hello" => session.finish(id, Answer::ok(&hello(session))),
        "create" => {
            let name = params.string("module")?;
            let factory = *session
                .modules
                .iter()
                .find(|factory| factory.name == name)
                .ok_or_else(|| (INVALID_PARAMS, format!("there is no module \"{name}\"")))?;
            let config = params.any("config");
            session.command(id, move |session| create(session, &factory, &config));
        }
        "call" => {
            let instance = params.instance(session)?;
            let command = params.command(&instance)?;
            let input = params.any("input");
            session.command(id, move |_| call(&instance, command, &input, flag));
        }
        "open" => {
            let instance = params.instance(session)?;
            let command = params.command(&instance)?;
            let input = params.any("input");
            session.command(id, move |session| {
                open(session, &instance, command, &input, flag)
            });
        }
        "next" => {
            let stream = params.number("stream")?;
            let most = params.number("most")?.min(MANY_ITEMS);
            session.command(id, move |session| next(session, stream, most));
        }
        _ => return managed(session, id, method, params),
    }
    Ok(())
}

fn managed(session: &Arc<Session>, id: u64, method: &str, params: Params) -> Result<(), Fault> {
    let instance = || params.instance(session);
    match method {
        "initialize" => {
            let instance = instance()?;
            session.ask(id, move |_| match instance.initialize() {
                Ok(Ok(step)) => Answer::ok(&initialization(step)),
                Ok(Err(reason)) => Answer::message(Status::Unavailable, &reason),
                Err(refusal) => refusal.into(),
            });
        }
        "health" => {
            let instance = instance()?;
            session.ask(id, move |_| {
                answer(instance.health(), |health| health.to_json())
            });
        }
        "pressure" => {
            let instance = instance()?;
            let level = PressureLevel::from_json(&params.any("level"))
                .map_err(|error| (INVALID_PARAMS, error.within("level").to_string()))?;
            session.ask(id, move |_| {
                answer(instance.pressure_response(level), |()| Value::Null)
            });
        }
        "shed" => {
            let instance = instance()?;
            session.ask(id, move |_| answer(instance.shed_load(), |()| Value::Null));
        }
        "heal" => {
            let instance = instance()?;
            session.ask(id, move |_| answer(instance.heal(), Value::Bool));
        }
        "shutdown" => {
            let instance = instance()?;
            session.ask(id, move |_| answer(instance.shutdown(), |()| Value::Null));
        }
        "metrics" => {
            let instance = instance()?;
            session.ask(id, move |_| {
                answer(instance.metrics(), |figures| figures.unwrap_or(Value::Null))
            });
        }
        "parameters" => {
            let instance = instance()?;
            session.ask(id, move |_| answer(instance.list_params(), parameters));
        }
        "get" => {
            let instance = instance()?;
            let name = params.string("name")?;
            session.ask(id, move |_| {
                answer(instance.get_param(&name), |value| {
                    Value::Object(
                        value
                            .map(|value| ("value".to_string(), value))
                            .into_iter()
                            .collect(),
                    )
                })
            });
        }
        "set" => {
            let instance = instance()?;
            let name = params.string("name")?;
            let value = params.any("value");
            session.ask(id, move |_| match instance.set_param(&name, value) {
                Ok(Ok(())) => Answer::ok(&Value::Null),
                Ok(Err(reason)) => Answer::value(Status::Failure, &Value::from(reason)),
                Err(refusal) => refusal.into(),
            });
        }
        _ => return Err((METHOD_NOT_FOUND, format!("there is no method \"{method}\""))),
    }
    Ok(())
}

fn answer<T>(result: Result<T, Refusal>, value: impl FnOnce(T) -> Value) -> Answer {
    match result {
        Ok(result) => Answer::ok(&value(result)),
        Err(refusal) => refusal.into(),
    }
}

fn hello(session: &Session) -> Value {
    let modules = session.modules.iter().map(ModuleFactory::describe);
    Value::object([
        ("protocol", Value::Number(f64::from(PROTOCOL))),
        ("maxFrameBytes", Value::Number(session.max_frame as f64)),
        ("modules", Value::Array(modules.collect())),
    ])
}

fn create(session: &Session, factory: &ModuleFactory, config: &Value) -> Answer {
    let instance = match registry::create(factory, config) {
        Ok(instance) => instance,
        Err(reason) => return Answer::message(Status::Unavailable, &reason),
    };
    match instance.metric_prefix() {
        Ok(prefix) => Answer::ok(&Value::object([
            ("instance", Value::Number(session.add(instance) as f64)),
            ("metricPrefix", prefix.map_or(Value::Null, Value::String)),
        ])),
        Err(refusal) => refusal.into(),
    }
}

fn initialization(step: Initialization) -> Value {
    let (ready, done) = match step {
        Initialization::Ready => (true, 1.0),
        Initialization::Pending { done } => (false, if done.is_finite() { done } else { 0.0 }),
    };
    Value::object([("ready", Value::Bool(ready)), ("done", Value::Number(done))])
}

fn parameters(list: Vec<(&'static str, &'static str)>) -> Value {
    let entries = list.into_iter().map(|(name, description)| {
        Value::object([
            ("name", Value::from(name)),
            ("description", Value::from(description)),
        ])
    });
    Value::Array(entries.collect())
}

fn call(instance: &Instance, command: usize, input: &Value, flag: Arc<AtomicBool>) -> Answer {
    let context = instance.context(flag);
    let mut port = Port::json(input);
    let status = instance.call(command, &context, &mut port);
    outcome(status, &mut port)
}

fn open(
    session: &Session,
    instance: &Arc<Instance>,
    command: usize,
    input: &Value,
    flag: Arc<AtomicBool>,
) -> Answer {
    let context = instance.context(flag);
    let mut port = Port::json(input);
    match instance.open(command, &context, &mut port) {
        Ok(stream) => {
            let number = session.open(stream, Arc::new(AtomicBool::new(false)));
            Answer::ok(&Value::Number(number as f64))
        }
        Err(status) => outcome(status, &mut port),
    }
}

/// Waits for one element, and adds those that are there at once.
fn next(session: &Session, number: u64, most: u64) -> Answer {
    let open = match session.stream(number) {
        Some(open) => open,
        None => return Answer(format!("\"status\":{},\"items\":[]", Status::End as u8)),
    };
    let mut slot = crate::lock(&open.stream);
    let mut items = String::new();
    let mut count = 0;
    let end = loop {
        let stream = match slot.as_mut() {
            Some(stream) => stream,
            None => break Some(Answer(format!("\"status\":{}", Status::End as u8))),
        };
        if count >= most || items.len() > MANY_BYTES || (count > 0 && !stream.is_ready()) {
            break None;
        }
        let context = stream.instance().context(open.cancelled.clone());
        let mut port = Port::json(&Value::Null);
        let status = stream.next(&context, &mut port);
        if status != Status::Ok {
            *slot = None;
            break Some(outcome(status, &mut port));
        }
        if count > 0 {
            items.push(',');
        }
        items.push_str(&port.take_json().to_string());
        count += 1;
    };
    if end.is_some() {
        drop(slot);
        session.close(number);
    }
    let Answer(rest) = end.unwrap_or_else(|| Answer(format!("\"status\":{}", Status::Ok as u8)));
    Answer(format!("{rest},\"items\":[{items}]"))
}

fn outcome(status: Status, port: &mut Port<'_>) -> Answer {
    match status {
        Status::Ok | Status::Failure => Answer::value(status, &port.take_json()),
        Status::End => Answer(format!("\"status\":{}", status as u8)),
        _ => Answer::message(status, port.message()),
    }
}

struct Params(Value);

impl Params {
    fn any(&self, name: &str) -> Value {
        self.0.get(name).cloned().unwrap_or(Value::Null)
    }

    fn number(&self, name: &str) -> Result<u64, Fault> {
        let number = self.0.get(name).and_then(Value::as_u64);
        number.ok_or_else(|| (INVALID_PARAMS, format!("\"{name}\" is a whole number")))
    }

    fn string(&self, name: &str) -> Result<String, Fault> {
        let text = self.0.get(name).and_then(Value::as_str);
        text.map(String::from)
            .ok_or_else(|| (INVALID_PARAMS, format!("\"{name}\" is a string")))
    }

    fn instance(&self, session: &Session) -> Result<Arc<Instance>, Fault> {
        let number = self.number("instance")?;
        session
            .instance(number)
            .ok_or_else(|| (INVALID_PARAMS, format!("there is no instance {number}")))
    }

    fn command(&self, instance: &Instance) -> Result<usize, Fault> {
        let number = self.number("command")?;
        usize::try_from(number)
            .ok()
            .filter(|number| *number < instance.factory().commands.len())
            .ok_or_else(|| (INVALID_PARAMS, format!("there is no command {number}")))
    }
}
