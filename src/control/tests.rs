//! The socket between a bot that is asked and whoever asks it.

use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;

use super::address::NAME;
use super::protocol::REQUEST_LIMIT;
use super::*;
use crate::lifecycle::{Failures, Lifecycle, Shutdown};

/// Does as the request says.
#[derive(Clone)]
struct Echo {
    /// What a request `wait` waits for.
    gate: Arc<Semaphore>,
    begun: Arc<AtomicUsize>,
    finished: Arc<AtomicUsize>,
}

impl Echo {
    fn new() -> Self {
        Self { gate: Arc::new(Semaphore::new(0)), begun: Arc::default(), finished: Arc::default() }
    }
}

impl Clerk for Echo {
    type Request = String;
    type Answer = String;

    async fn answer(&self, request: String) -> Result<String, String> {
        self.begun.fetch_add(1, Ordering::SeqCst);
        match request.as_str() {
            "fail" => return Err("It cannot be done.".into()),
            "panic" => assert!(std::hint::black_box(false), "on purpose"),
            "wait" => self.gate.acquire().await.unwrap().forget(),
            "long" => return Ok("long ".repeat(2_000_000)),
            _ => {}
        }
        self.finished.fetch_add(1, Ordering::SeqCst);
        Ok(format!("done: {request}"))
    }
}

/// A bot that serves its socket.
struct Served {
    tmp: TempDir,
    echo: Echo,
    lifecycle: Lifecycle,
    _failures: Failures,
}

impl Served {
    fn start() -> Self {
        let tmp = tempfile::tempdir().unwrap();
        let (lifecycle, failures) = Lifecycle::new(Shutdown::default());
        let echo = Echo::new();
        let socket = ControlSocket::open(tmp.path()).unwrap();
        lifecycle.spawn_part("the control socket", socket.serve(echo.clone(), lifecycle.clone()));
        Self { tmp, echo, lifecycle, _failures: failures }
    }

    async fn connect(&self) -> Client {
        Client::connect(self.tmp.path()).await.unwrap()
    }

    async fn raw(&self) -> UnixStream {
        UnixStream::connect(self.tmp.path().join(NAME)).await.unwrap()
    }

    async fn until_begun(&self, requests: usize) {
        until(&self.echo.begun, requests).await;
    }

    async fn until_finished(&self, requests: usize) {
        until(&self.echo.finished, requests).await;
    }
}

async fn until(counter: &AtomicUsize, count: usize) {
    let reached = async {
        while counter.load(Ordering::SeqCst) < count {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), reached).await.expect("it happens");
}

async fn ask(client: &mut Client, request: &str) -> Result<String, ClientError> {
    client.ask(&request.to_owned()).await
}

#[tokio::test]
async fn requests_on_one_connection_are_answered_in_turn_and_a_failure_ends_nothing() {
    let served = Served::start();
    let mut client = served.connect().await;
    assert_eq!(ask(&mut client, "one").await.unwrap(), "done: one");
    for (request, said) in
        [("fail", "It cannot be done."), ("panic", "Muster failed at it; its log says where.")]
    {
        let refused = ask(&mut client, request).await.unwrap_err();
        assert!(matches!(&refused, ClientError::Refused(sentence) if sentence == said), "{refused}");
    }
    assert_eq!(ask(&mut client, "long").await.unwrap().len(), 10_000_000);
}

#[tokio::test]
async fn only_this_user_may_ask() {
    let served = Served::start();
    let mode = std::fs::metadata(served.tmp.path().join(NAME)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test]
async fn a_request_that_takes_long_holds_up_nobody_else() {
    let served = Served::start();
    let (mut slow, mut quick) = (served.connect().await, served.connect().await);
    let others = async {
        assert_eq!(ask(&mut quick, "quick").await.unwrap(), "done: quick");
        served.echo.gate.add_permits(1);
    };
    let (slow, ()) = tokio::join!(ask(&mut slow, "wait"), others);
    assert_eq!(slow.unwrap(), "done: wait");
}

#[tokio::test]
async fn what_a_client_began_comes_to_its_end_without_it() {
    let served = Served::start();
    let mut client = served.raw().await;
    client.write_all(b"\"wait\"\n").await.unwrap();
    served.until_begun(1).await;
    drop(client);
    served.echo.gate.add_permits(1);
    served.until_finished(1).await;
    assert_eq!(ask(&mut served.connect().await, "next").await.unwrap(), "done: next");
}

#[tokio::test]
async fn what_is_no_request_is_told_so_and_the_next_one_is_answered() {
    let served = Served::start();
    let mut client = served.raw().await;
    client.write_all(b"not json\n\"one\"\n").await.unwrap();
    client.shutdown().await.unwrap();
    let mut said = String::new();
    client.read_to_string(&mut said).await.unwrap();
    let lines: Vec<_> = said.lines().collect();
    assert_eq!(lines.len(), 3, "{said}");
    assert!(lines[1].starts_with(r#"{"error":"The request is not one that Muster knows"#), "{said}");
    assert_eq!(lines[2], r#"{"answer":"done: one"}"#);
}

#[tokio::test]
async fn a_request_without_an_end_is_refused_before_it_fills_the_memory() {
    let served = Served::start();
    let mut client = served.raw().await;
    let endless = vec![b'x'; usize::try_from(REQUEST_LIMIT).unwrap() + 1];
    client.write_all(&endless).await.unwrap();
    let mut said = String::new();
    client.read_to_string(&mut said).await.unwrap();
    assert!(said.contains("A request has at most 65536 bytes."), "{said}");
}

#[tokio::test]
async fn after_a_stop_what_runs_is_answered_and_nothing_begins() {
    let served = Served::start();
    let (mut busy, mut idle) = (served.connect().await, served.connect().await);
    let mut never_reads = served.raw().await;
    never_reads.write_all(b"\"wait\"\n\"long\"\n").await.unwrap();
    let stop = async {
        served.until_begun(2).await;
        served.lifecycle.shutdown().request();
        assert!(matches!(ask(&mut idle, "late").await, Err(ClientError::Lost)));
        served.echo.gate.add_permits(2);
    };
    let (busy, ()) = tokio::join!(ask(&mut busy, "wait"), stop);
    assert_eq!(busy.unwrap(), "done: wait");
    assert!(served.lifecycle.drained().await, "somebody holds up the stop");
    assert_eq!(served.echo.finished.load(Ordering::SeqCst), 2);
    assert!(!served.tmp.path().join(NAME).exists(), "the socket is left behind");
}

#[tokio::test]
async fn a_client_that_does_not_read_its_answer_does_not_hold_up_the_stop() {
    let served = Served::start();
    let mut never_reads = served.raw().await;
    never_reads.write_all(b"\"first\"\n\"long\"\n").await.unwrap();
    served.until_begun(2).await;
    served.lifecycle.shutdown().request();
    assert!(served.lifecycle.drained().await, "it holds up the stop");
}

#[tokio::test]
async fn a_socket_that_a_killed_process_left_is_replaced_and_nothing_else_is() {
    let tmp = tempfile::tempdir().unwrap();
    drop(UnixListener::bind(tmp.path().join(NAME)).unwrap());
    let unreachable = Client::connect(tmp.path()).await.unwrap_err();
    assert!(matches!(unreachable, ClientError::Unreachable(_)), "{unreachable}");
    drop(ControlSocket::open(tmp.path()).unwrap());
    assert!(!tmp.path().join(NAME).exists());

    std::fs::write(tmp.path().join(NAME), "precious").unwrap();
    let occupied = ControlSocket::open(tmp.path()).unwrap_err();
    assert!(matches!(occupied, SocketError::Occupied(_)), "{occupied}");
    assert_eq!(std::fs::read(tmp.path().join(NAME)).unwrap(), b"precious");
}

#[tokio::test]
async fn deep_in_the_file_system_the_socket_is_reached_all_the_same() {
    let tmp = tempfile::tempdir().unwrap();
    let deep = tmp.path().join("d".repeat(200));
    std::fs::create_dir(&deep).unwrap();
    let (lifecycle, _failures) = Lifecycle::new(Shutdown::default());
    let echo = Echo::new();
    let socket = ControlSocket::open(&deep).unwrap();
    lifecycle.spawn_part("the control socket", socket.serve(echo, lifecycle.clone()));
    assert_eq!(ask(&mut Client::connect(&deep).await.unwrap(), "one").await.unwrap(), "done: one");
}

#[tokio::test]
async fn a_bot_of_another_version_is_named() {
    let tmp = tempfile::tempdir().unwrap();
    let listener = UnixListener::bind(tmp.path().join(NAME)).unwrap();
    let greet = async {
        let (mut client, _) = listener.accept().await.unwrap();
        client.write_all(b"{\"muster\":\"99.0.0\"}\n").await.unwrap();
    };
    let (refused, ()) = tokio::join!(Client::connect(tmp.path()), greet);
    let refused = refused.unwrap_err().to_string();
    assert!(refused.contains("99.0.0") && refused.contains(env!("CARGO_PKG_VERSION")), "{refused}");
}
