use super::serve_on;
use crate::json::parse;
use crate::{
    CallContext, CommandInfo, Elements, HealthStatus, ManagedService, Mode, ModuleFactory, Port,
    PressureLevel, ServiceModule, Status, StreamSource, Value,
};
use std::io::{BufRead, BufReader, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{mpsc, Arc, Mutex};
use std::thread::JoinHandle;

/// Fails with what is unhealthy, waits, streams the levels, panics.
struct Probe {
    told: Mutex<Vec<PressureLevel>>,
}

impl ManagedService for Probe {
    fn name(&self) -> &str {
        "probe"
    }
    fn health(&self) -> HealthStatus {
        match crate::lock(&self.told).last() {
            Some(PressureLevel::Critical) => HealthStatus::Unhealthy {
                reason: "critical".to_string(),
            },
            _ => HealthStatus::Healthy,
        }
    }
    fn pressure_response(&self, level: PressureLevel) {
        crate::lock(&self.told).push(level);
    }
    fn shed_load(&self) {
        panic!("nothing to shed");
    }
    fn heal(&self) -> bool {
        crate::lock(&self.told).clear();
        true
    }
    fn shutdown(&self) {}
}

/// Every level twice; then it waits until nobody wants more.
struct Levels(usize);

impl StreamSource<PressureLevel, HealthStatus> for Levels {
    fn next(&mut self, context: &CallContext) -> Option<Result<PressureLevel, HealthStatus>> {
        self.0 += 1;
        if self.0 > 8 {
            wait(context);
            return None;
        }
        Some(Ok(PressureLevel::ALL[(self.0 - 1) % 4]))
    }
    fn is_ready(&self) -> bool {
        self.0 < 8
    }
}

fn wait(context: &CallContext) {
    while !context.is_cancelled() {
        std::thread::yield_now();
    }
}

impl ServiceModule for Probe {
    fn managed(&self) -> &dyn ManagedService {
        self
    }
    fn call(&self, command: usize, context: &CallContext, port: &mut Port<'_>) -> Status {
        match command {
            0 => port.run(|health: HealthStatus| match health {
                HealthStatus::Unhealthy { .. } => Err(health),
                _ => Ok(health),
            }),
            1 => port.run(|level: PressureLevel| {
                wait(context);
                Ok::<_, HealthStatus>(level)
            }),
            3 => panic!("no such thing"),
            _ => port.no_such_command(command),
        }
    }
    fn open(
        &self,
        _command: usize,
        _context: &CallContext,
        port: &mut Port<'_>,
    ) -> Result<Box<dyn Elements>, Status> {
        port.open(|_: PressureLevel| {
            let levels: Box<dyn StreamSource<PressureLevel, HealthStatus>> = Box::new(Levels(0));
            Ok(levels)
        })
    }
}

const fn command(name: &'static str, mode: Mode) -> CommandInfo {
    CommandInfo { name, mode }
}

const FACTORY: ModuleFactory = ModuleFactory {
    name: "probe",
    spec_hash: "p1",
    commands: &[
        command("probe/say", Mode::Async),
        command("probe/wait", Mode::Async),
        command("probe/levels", Mode::Stream),
        command("probe/panic", Mode::Async),
    ],
    create: |config| match config.get("refuse").and_then(Value::as_str) {
        Some(reason) => Err(reason.to_string()),
        None => Ok(Box::new(Probe {
            told: Mutex::default(),
        })),
    },
};

/// Bytes as another thread sends them.
struct Pipe {
    chunks: mpsc::Receiver<Vec<u8>>,
    rest: Vec<u8>,
}

impl std::io::Read for Pipe {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.rest.is_empty() {
            self.rest = self.chunks.recv().unwrap_or_default();
        }
        let count = self.rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&self.rest[..count]);
        self.rest.drain(..count);
        Ok(count)
    }
}

struct Sender(mpsc::Sender<Vec<u8>>);

impl Write for Sender {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let sent = self.0.send(bytes.to_vec());
        sent.map_err(|_| std::io::ErrorKind::BrokenPipe)?;
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

struct Client {
    input: Option<Sender>,
    output: BufReader<Pipe>,
    server: JoinHandle<()>,
    ended: Arc<AtomicBool>,
}

impl Client {
    fn start(max_frame: usize) -> Client {
        let (to_server, from_client) = mpsc::channel();
        let (to_client, from_server) = mpsc::channel();
        let ended = Arc::new(AtomicBool::new(false));
        let flag = ended.clone();
        let pipe = |chunks| {
            BufReader::new(Pipe {
                chunks,
                rest: Vec::new(),
            })
        };
        let input = pipe(from_client);
        let server = std::thread::spawn(move || {
            serve_on(
                input,
                Box::new(Sender(to_client)),
                vec![FACTORY],
                max_frame,
                || {
                    flag.store(true, Ordering::SeqCst);
                },
            );
        });
        Client {
            input: Some(Sender(to_server)),
            output: pipe(from_server),
            server,
            ended,
        }
    }

    fn send(&mut self, text: &str) {
        let input = self.input.as_mut().unwrap();
        input.write_all(format!("{text}\n").as_bytes()).unwrap();
    }

    fn receive(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        let message = parse(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"));
        assert_eq!(message.get("jsonrpc"), Some(&Value::from("2.0")));
        let rest = message
            .as_object()
            .unwrap()
            .iter()
            .filter(|(key, _)| key != "jsonrpc");
        Value::Object(rest.cloned().collect()).to_string()
    }

    /// The result of a request, with the id 1.
    fn ask(&mut self, method: &str, params: &str) -> String {
        self.send(&format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{params}}}"#
        ));
        let answer = self.receive();
        let answer = answer.strip_prefix(r#"{"id":1,"#).unwrap_or(&answer);
        answer.strip_suffix('}').unwrap_or(answer).to_string()
    }

    fn create(&mut self) -> u64 {
        let created = self.ask("create", r#"{"module":"probe","config":{}}"#);
        let created = parse(&format!("{{{created}}}")).unwrap();
        let value = created.get("result").and_then(|result| result.get("value"));
        value.unwrap().get("instance").unwrap().as_u64().unwrap()
    }

    fn end(mut self) {
        self.input = None;
        self.server.join().unwrap();
        assert!(self.ended.load(Ordering::SeqCst));
    }
}

#[test]
fn answers_a_call_with_its_result_its_failure_or_its_panic() {
    let mut client = Client::start(4096);
    assert_eq!(
        client.ask("hello", "{}"),
        concat!(
            r#""result":{"status":0,"value":{"protocol":1,"maxFrameBytes":4096,"modules":[{"name":"probe","specHash":"p1","commands":["#,
            r#"{"name":"probe/say","mode":"async"},{"name":"probe/wait","mode":"async"},"#,
            r#"{"name":"probe/levels","mode":"stream"},{"name":"probe/panic","mode":"async"}]}]}}"#
        )
    );
    let n = client.create();
    let call = |command: u32, input: &str| {
        format!(r#"{{"instance":{n},"command":{command},"input":{input}}}"#)
    };
    assert_eq!(
        client.ask("call", &call(0, r#"{"_tag":"Healthy"}"#)),
        r#""result":{"status":0,"value":{"_tag":"Healthy"}}"#
    );
    assert_eq!(
        client.ask("call", &call(0, r#"{"_tag":"Unhealthy","reason":"é"}"#)),
        r#""result":{"status":1,"value":{"_tag":"Unhealthy","reason":"é"}}"#
    );
    assert!(client
        .ask("call", &call(3, "null"))
        .starts_with(r#""result":{"status":2,"message":"panic: no such thing"#));
    assert!(client
        .ask("call", &call(0, r#"{"_tag":"Odd"}"#))
        .contains("the input does not have the command's shape"));
    client.end();
}

#[test]
fn answers_what_the_registry_of_services_asks() {
    let mut client = Client::start(4096);
    let n = client.create();
    let one = format!(r#"{{"instance":{n}}}"#);
    let healthy = r#""result":{"status":0,"value":{"_tag":"Healthy"}}"#;
    let nothing = r#""result":{"status":0,"value":null}"#;
    assert_eq!(
        client.ask("initialize", &one),
        r#""result":{"status":0,"value":{"ready":true,"done":1}}"#
    );
    assert_eq!(client.ask("health", &one), healthy);
    let pressure = |level: &str| format!(r#"{{"instance":{n},"level":"{level}"}}"#);
    assert_eq!(client.ask("pressure", &pressure("critical")), nothing);
    assert_eq!(
        client.ask("health", &one),
        r#""result":{"status":0,"value":{"_tag":"Unhealthy","reason":"critical"}}"#
    );
    assert_eq!(
        client.ask("heal", &one),
        r#""result":{"status":0,"value":true}"#
    );
    assert_eq!(client.ask("health", &one), healthy);
    assert!(client
        .ask("shed", &one)
        .contains(r#""status":2,"message":"panic: nothing to shed"#));
    assert_eq!(client.ask("metrics", &one), nothing);
    assert_eq!(
        client.ask("parameters", &one),
        r#""result":{"status":0,"value":[]}"#
    );
    assert_eq!(
        client.ask("get", &format!(r#"{{"instance":{n},"name":"x"}}"#)),
        r#""result":{"status":0,"value":{}}"#
    );
    assert_eq!(
        client.ask(
            "set",
            &format!(r#"{{"instance":{n},"name":"x","value":1}}"#)
        ),
        r#""result":{"status":1,"value":"probe has no parameters"}"#
    );
    assert_eq!(client.ask("shutdown", &one), nothing);
    assert_eq!(
        client.ask("health", &one),
        r#""result":{"status":3,"message":"probe has been shut down"}"#
    );
    client.end();
}

#[test]
fn a_cancelled_call_ends_and_others_go_on_meanwhile() {
    let mut client = Client::start(4096);
    let n = client.create();
    client.send(&format!(
        r#"{{"id":7,"method":"call","params":{{"instance":{n},"command":1,"input":"high"}}}}"#
    ));
    assert_eq!(
        client.ask("health", &format!(r#"{{"instance":{n}}}"#)),
        r#""result":{"status":0,"value":{"_tag":"Healthy"}}"#
    );
    client.send(&format!(
        r#"{{"id":7,"method":"health","params":{{"instance":{n}}}}}"#
    ));
    assert!(client.receive().contains("the id 7 is in use"));
    client.send(r#"{"method":"cancel","params":{"id":7}}"#);
    assert_eq!(
        client.receive(),
        r#"{"id":7,"result":{"status":4,"message":"the call noticed that it was cancelled"}}"#
    );
    client.end();
}

#[test]
fn a_stream_gives_what_is_there_and_ends_when_it_is_closed() {
    let mut client = Client::start(4096);
    let n = client.create();
    let opened = client.ask(
        "open",
        &format!(r#"{{"instance":{n},"command":2,"input":"normal"}}"#),
    );
    assert_eq!(opened, r#""result":{"status":0,"value":1}"#);
    assert_eq!(
        client.ask("next", r#"{"stream":1,"most":3}"#),
        r#""result":{"status":0,"items":["normal","warning","high"]}"#
    );
    assert_eq!(
        client.ask("next", r#"{"stream":1,"most":100}"#),
        r#""result":{"status":0,"items":["critical","normal","warning","high","critical"]}"#
    );
    client.send(r#"{"id":9,"method":"next","params":{"stream":1,"most":1}}"#);
    // It has reached the wait or not: closing ends it in both cases.
    client.send(r#"{"method":"close","params":{"stream":1}}"#);
    let answer = client.receive();
    assert!(
        answer.contains(r#""status":4"#) || answer.contains(r#""status":5"#),
        "{answer}"
    );
    assert_eq!(
        client.ask("next", r#"{"stream":1,"most":1}"#),
        r#""result":{"status":5,"items":[]}"#
    );
    client.end();
}

#[test]
fn messages_that_make_no_sense_are_answered_and_harm_nothing() {
    let mut client = Client::start(256);
    let n = client.create();
    for (message, part) in [
        ("{", r#""code":-32700"#),
        ("[1]", r#""code":-32600"#),
        (r#"{"id":1}"#, "needs a \\\"method\\\""),
        (r#"{"id":"a","method":"hello"}"#, "is a whole number"),
        (r#"{"id":-1,"method":"hello"}"#, "is a whole number"),
        (r#"{"id":1,"method":"fly"}"#, r#""code":-32601"#),
        (
            r#"{"id":1,"method":"fly","params":{"instance":0}}"#,
            r#""code":-32601"#,
        ),
        (
            r#"{"id":1,"method":"health","params":{"instance":0}}"#,
            "there is no instance 0",
        ),
        (
            r#"{"id":1,"method":"create","params":{"module":"x"}}"#,
            "there is no module \\\"x\\\"",
        ),
        (
            r#"{"id":1,"method":"create","params":{"module":"probe","config":{"refuse":"no"}}}"#,
            r#""status":3,"message":"no""#,
        ),
    ] {
        client.send(message);
        let answer = client.receive();
        assert!(answer.contains(part), "{message} was answered {answer}");
    }
    client.send(&format!(
        r#"{{"id":1,"method":"call","params":{{"instance":{n},"command":99}}}}"#
    ));
    assert!(client.receive().contains("there is no command 99"));
    client.send(&"x".repeat(257));
    assert!(client
        .receive()
        .contains("more than 256 bytes and was skipped"));
    client.send(&"[".repeat(200));
    assert!(client.receive().contains(r#""code":-32700"#));
    client.input.as_mut().unwrap().write_all(b"\xff\n").unwrap();
    assert!(client.receive().contains("it is not UTF-8"));
    // `hello` is longer than these messages may be.
    assert!(client
        .ask("hello", "{}")
        .contains("more than a message may have (256)"));
    client.send(r#"{"method":"cancel"}"#);
    client.send(r#"{"method":"close","params":7}"#);
    client.send(r#"{"method":"unknown"}"#);
    assert!(client
        .ask("health", &format!(r#"{{"instance":{n}}}"#))
        .contains("Healthy"));
    client.end();
}

#[test]
fn the_end_of_the_input_cancels_what_runs() {
    let mut client = Client::start(4096);
    let n = client.create();
    for id in 10..20 {
        client.send(&format!(
            r#"{{"id":{id},"method":"call","params":{{"instance":{n},"command":1,"input":"high"}}}}"#
        ));
    }
    client.ask("health", &format!(r#"{{"instance":{n}}}"#));
    client.end();
}
