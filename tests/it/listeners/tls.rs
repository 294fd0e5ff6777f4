//! TLS with callers: HTTP/1.1 and HTTP/2 by agreement, and certificates that are replaced while the gateway runs.

use std::net::SocketAddr;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::listeners::client::{Http2, to};
use crate::listeners::listening;
use crate::support::{Gateway, Tool, eventually, refused_start};

struct Pair {
    cert: String,
    key: String,
}

fn pair() -> Pair {
    let made = rcgen::generate_simple_self_signed(["gateway.test".to_owned()]).unwrap();
    Pair { cert: made.cert.pem(), key: made.signing_key.serialize_pem() }
}

fn gateway(tool: &Tool, pair: &Pair) -> Gateway {
    listening(tool, "{address: \"127.0.0.1:0\", tls: {cert: c.pem, key: k.pem}}", "")
        .file("c.pem", &pair.cert)
        .file("k.pem", &pair.key)
        .start()
}

/// Shakes hands as a caller that trusts `pair` and speaks `protocols`.
async fn shake(
    address: SocketAddr,
    pair: &Pair,
    protocols: &[&[u8]],
) -> std::io::Result<TlsStream<TcpStream>> {
    shake_with(rustls::DEFAULT_VERSIONS, address, pair, protocols).await
}

/// The same as a caller that speaks those versions of TLS.
async fn shake_with(
    versions: &[&'static SupportedProtocolVersion],
    address: SocketAddr,
    pair: &Pair,
    protocols: &[&[u8]],
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(pair.cert.as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_protocol_versions(versions).unwrap();
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    let stream = TcpStream::connect(address).await?;
    let name = ServerName::try_from("gateway.test").unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, stream).await
}

#[test]
fn both_versions_are_spoken_by_agreement() {
    let (tool, pair) = (Tool::start(), pair());
    let gateway = gateway(&tool, &pair);
    let runtime = Runtime::new().unwrap();
    let stream = runtime.block_on(shake(gateway.address, &pair, &[b"h2", b"http/1.1"])).unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let client = Http2::over(runtime, stream);
    let (head, _) = client.request(to("GET", "/crm/contacts/1"), b"").unwrap();
    assert_eq!(head.status().as_u16(), 200);

    client.runtime.block_on(async {
        for protocols in [&[&b"http/1.1"[..]][..], &[]] {
            let mut stream = shake(gateway.address, &pair, protocols).await.unwrap();
            for _ in 0..2 {
                stream.write_all(b"GET /crm/contacts/1 HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
                let mut answer = Vec::new();
                while !answer.ends_with(b"{\"ok\":true}") {
                    assert_ne!(stream.read_buf(&mut answer).await.unwrap(), 0, "{answer:?}");
                }
                assert!(answer.starts_with(b"HTTP/1.1 200 "));
            }
        }
    });
    assert_eq!(tool.count(), 5);
}

/// AV-1.1: where an operator wants TLS 1.3, nobody is spoken to below it.
#[test]
fn callers_speak_no_older_tls_than_they_may() {
    let (tool, pair) = (Tool::start(), pair());
    let runtime = Runtime::new().unwrap();
    for (setting, older) in [("", true), (", min_version: \"1.2\"", true), (", min_version: \"1.3\"", false)]
    {
        let listen = format!("{{address: \"127.0.0.1:0\", tls: {{cert: c.pem, key: k.pem{setting}}}}}");
        let gateway =
            listening(&tool, &listen, "").file("c.pem", &pair.cert).file("k.pem", &pair.key).start();
        let shakes = |version| runtime.block_on(shake_with(&[version], gateway.address, &pair, &[]));
        let newest = shakes(&TLS13).unwrap();
        assert_eq!(newest.get_ref().1.protocol_version(), Some(rustls::ProtocolVersion::TLSv1_3));
        match shakes(&TLS12) {
            Ok(stream) => {
                assert_eq!(stream.get_ref().1.protocol_version(), Some(rustls::ProtocolVersion::TLSv1_2));
                assert!(older, "{setting}");
            }
            Err(error) => {
                assert!(!older && error.to_string().contains("ProtocolVersion"), "{setting}: {error}")
            }
        }
    }
}

#[test]
fn a_caller_without_tls_gets_nothing() {
    let (tool, pair) = (Tool::start(), pair());
    let gateway = gateway(&tool, &pair);
    let mut client = gateway.client();
    client.send(b"GET /crm/contacts/1 HTTP/1.1\r\nHost: x\r\n\r\n");
    assert!(client.answer().is_none());
    assert_eq!(tool.count(), 0);
}

#[test]
fn a_certificate_is_replaced_while_the_gateway_runs_and_a_bad_one_is_not_taken() {
    let (tool, first, second) = (Tool::start(), pair(), pair());
    let gateway = gateway(&tool, &first);
    let runtime = Runtime::new().unwrap();
    let shows = |pair: &Pair| runtime.block_on(shake(gateway.address, pair, &[])).is_ok();
    assert!(shows(&first) && !shows(&second));
    let write = |name: &str, text: &str| std::fs::write(gateway.folder().join(name), text).unwrap();
    write("k.pem", &second.key);
    eventually("the refusal", || gateway.log().contains("is not the key of the certificate").then_some(()));
    assert!(shows(&first), "a key of another certificate was taken");
    write("c.pem", &second.cert);
    eventually("the new certificate", || shows(&second).then_some(()));
    assert!(!shows(&first));
}

#[test]
fn what_cannot_be_shown_stops_the_start_with_its_place() {
    let (one, other) = (pair(), pair());
    for (cert, key, said) in [
        (one.cert.as_str(), other.key.as_str(), "is not the key of the certificate"),
        ("nothing", &one.key, "no certificate in PEM form"),
        (&one.cert, "nothing", "no private key in PEM form"),
    ] {
        let folder = tempfile::TempDir::new().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write("c.pem", cert);
        write("k.pem", key);
        write(
            "gateway.yaml",
            "version: 1\ncontrol: {listen: \"127.0.0.1:0\"}\ngateway:\n  listen:\n  - address: 127.0.0.1:0\n    tls: {cert: c.pem, key: k.pem}\n",
        );
        let (status, _, log) = refused_start(folder.path());
        assert_eq!(status.code(), Some(64), "{log}");
        assert!(log.contains(said) && log.contains("gateway.yaml:6"), "{log}");
        assert!(!log.contains("PRIVATE KEY"), "{log}");
    }
}
