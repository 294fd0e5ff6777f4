//! A response that goes on for long arrives chunk by chunk, over every version of HTTP, and ends when its caller leaves.
//! `LOAD_SECONDS=60` makes it as long as that.

use std::io::{Read, Write};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use crate::support::{Client, Gateway, Route, Tool, load_time};

const OPEN: &str = "version: 1\nrules: [{name: all, approval: auto}]\n";
const PAUSE: Duration = Duration::from_millis(100);

/// A tool that writes a numbered event after a pause, and the next only once it is told that this one has arrived. It tells how many
/// it has written when the other side has left, or when it is told to end.
fn counting() -> (Tool, Sender<bool>, Receiver<usize>) {
    let ((arrived, arrivals), (tell, told)) = (channel::<bool>(), channel());
    let (arrivals, tell) = (Mutex::new(arrivals), Mutex::new(tell));
    let tool = Tool::answering(move |_, stream| {
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
        stream.write_all(head.as_bytes()).unwrap();
        let mut written = 0;
        loop {
            let event = format!("data: {written}\n\n");
            stream.write_all(format!("{:x}\r\n{event}\r\n", event.len()).as_bytes()).unwrap();
            written += 1;
            if !arrivals.lock().unwrap().recv().unwrap_or(false) {
                break;
            }
            std::thread::sleep(PAUSE);
        }
        // The caller has left: nothing more comes but the end.
        let read = stream.read(&mut [0]).unwrap_or(0);
        tell.lock().unwrap().send(written + read).unwrap();
    });
    (tool, arrived, told)
}

/// Reads events as they come for as long as the test may take, then leaves.
fn follow(mut next: impl FnMut(&str), arrived: &Sender<bool>) -> usize {
    let started = Instant::now();
    let mut seen = 0;
    loop {
        next(&format!("data: {seen}\n\n"));
        seen += 1;
        let goes_on = started.elapsed() < load_time();
        arrived.send(goes_on).unwrap();
        if !goes_on {
            return seen;
        }
    }
}

#[test]
fn over_http_1() {
    let (tool, arrived, told) = counting();
    let gateway = Gateway::with(&Route::section(&[Route::crm(tool.address)]), OPEN).start();
    let mut client = Client::connect(gateway.address);
    client.send(b"GET /crm/contacts/1 HTTP/1.1\r\nHost: x\r\n\r\n");
    let seen = follow(|event| assert!(client.read_until(event.as_bytes()).is_some(), "{event}"), &arrived);
    drop(client);
    assert_eq!(told.recv().unwrap(), seen);
}

#[test]
fn over_http_2() {
    let (tool, arrived, told) = counting();
    let gateway = Gateway::with(&Route::section(&[Route::crm(tool.address)]), OPEN).start();
    let client = crate::listeners::Http2::connect(gateway.address);
    let mut requests = client.requests.clone();
    let (response, _) = requests.send_request(crate::listeners::to("GET", "/crm/contacts/1"), true).unwrap();
    let mut body = client.runtime.block_on(response).unwrap().into_body();
    let mut text = String::new();
    let seen = follow(
        |event| {
            while !text.ends_with(event) {
                let chunk = client.runtime.block_on(body.data()).unwrap().unwrap();
                body.flow_control().release_capacity(chunk.len()).unwrap();
                text.push_str(std::str::from_utf8(&chunk).unwrap());
            }
        },
        &arrived,
    );
    // Only this stream ends; its connection stays.
    drop(body);
    assert_eq!(told.recv().unwrap(), seen);
}

/// A caller that sent something for later is missed as well.
#[test]
fn with_bytes_of_a_next_request() {
    let (tool, arrived, told) = counting();
    let gateway = Gateway::with(&Route::section(&[Route::crm(tool.address)]), OPEN).start();
    let mut client = Client::connect(gateway.address);
    client.send(b"GET /crm/contacts/1 HTTP/1.1\r\nHost: x\r\n\r\n");
    assert!(client.read_until(b"data: 0\n\n").is_some());
    client.send(b"GET /crm/contacts/2 HTTP/1.1\r\n");
    arrived.send(true).unwrap();
    assert!(client.read_until(b"data: 1\n\n").is_some());
    arrived.send(false).unwrap();
    drop(client);
    assert_eq!(told.recv().unwrap(), 2);
}
