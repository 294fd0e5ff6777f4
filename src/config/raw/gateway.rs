//! `gateway`: the data plane's listeners and limits. Imports nothing of ours.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The data plane: what it listens on and what it puts up with.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "Gateway")]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawGateway {
    /// Where tool traffic arrives. Default one listener on 127.0.0.1:8080.
    #[schemars(with = "Vec<RawListen>", length(min = 1))]
    pub(crate) listen: Vec<Option<RawListen>>,
    /// The longest request body that is read, in bytes; a longer one is refused with 413. Default 1048576.
    #[schemars(range(min = 1, max = 16_777_216))]
    pub(crate) max_body_bytes: u64,
    /// How many requests may be under way at once; one more is refused with 503. Default 4096.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub(crate) max_concurrent_requests: usize,
    /// How long the gateway waits.
    pub(crate) timeouts: RawTimeouts,
    /// How request bodies are read as JSON.
    pub(crate) json: RawJson,
    /// Host header values that are accepted; empty accepts any.
    pub(crate) hosts: Vec<String>,
    /// Origin header values that are accepted on mcp routes, such as https://app.example; empty accepts pages of the hosts in
    /// `hosts` and of this machine's loopback only.
    pub(crate) origins: Vec<String>,
    /// Whose tokens (JWT) are believed, here and on the control listener, beside the keys of control.keys. Default nobody's.
    #[schemars(with = "Vec<RawJwt>", length(max = 16))]
    pub(crate) jwt: Vec<RawJwt>,
}

impl Default for RawGateway {
    fn default() -> Self {
        Self {
            listen: vec![Some(RawListen { address: "127.0.0.1:8080".to_owned(), tls: None, http2: true })],
            max_body_bytes: 1_048_576,
            max_concurrent_requests: 4096,
            timeouts: RawTimeouts::default(),
            json: RawJson::default(),
            hosts: Vec::new(),
            origins: Vec::new(),
            jwt: Vec::new(),
        }
    }
}

/// Who signs tokens, and which of them are for this gateway.
#[derive(Debug, Deserialize, JsonSchema, Serialize)]
#[schemars(rename = "Jwt")]
#[serde(deny_unknown_fields)]
pub(crate) struct RawJwt {
    /// What stands in iss of its tokens, letter by letter.
    #[schemars(length(min = 1, max = 512))]
    pub(crate) issuer: String,
    /// What must stand in aud of its tokens, alone or in a list.
    #[schemars(length(min = 1, max = 512))]
    pub(crate) audience: String,
    /// Its public keys, as a JWK Set (RFC 7517).
    pub(crate) jwks: RawJwks,
    /// The algorithms its tokens may be signed with. Default all three.
    #[schemars(length(min = 1, max = 3))]
    #[serde(default = "all_algorithms")]
    pub(crate) algorithms: Vec<RawTokenAlgorithm>,
    /// The tenant of all its callers: tokens that name another are refused. Default the token's tenant, else "default".
    #[schemars(length(min = 1, max = 128))]
    #[serde(default)]
    pub(crate) tenant: Option<String>,
    /// For how many seconds from now a token may still be good: one that ends later is refused. Default 86400, a day.
    #[schemars(range(min = 1, max = 31_536_000))]
    #[serde(default = "a_day")]
    pub(crate) max_lifetime_s: u32,
    /// The claims that Cedar policies may read as tags of the principal, which records keep. Default every claim of one text, number or
    /// truth value but aud, exp, iat, jti and nbf.
    #[schemars(length(max = 64), inner(length(min = 1, max = 256)))]
    #[serde(default)]
    pub(crate) claims: Option<Vec<String>>,
}

fn a_day() -> u32 {
    86_400
}

/// Where a JWK Set is.
#[derive(Debug, Deserialize, JsonSchema, Serialize)]
#[schemars(rename = "Jwks")]
#[serde(deny_unknown_fields)]
pub(crate) struct RawJwks {
    /// A file, relative to this one. It is read again when it changes.
    #[schemars(length(min = 1))]
    pub(crate) file: String,
}

/// How a token is signed. Nothing that signs with what it verifies with.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, Serialize)]
#[schemars(rename = "TokenAlgorithm")]
pub(crate) enum RawTokenAlgorithm {
    /// ECDSA with P-256 and SHA-256.
    #[serde(rename = "ES256")]
    Es256,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    #[serde(rename = "RS256")]
    Rs256,
    /// Ed25519.
    #[serde(rename = "EdDSA")]
    EdDsa,
}

fn all_algorithms() -> Vec<RawTokenAlgorithm> {
    vec![RawTokenAlgorithm::Es256, RawTokenAlgorithm::Rs256, RawTokenAlgorithm::EdDsa]
}

/// One listener of the data plane.
#[derive(Debug, Deserialize, JsonSchema, Serialize)]
#[schemars(rename = "Listen")]
#[serde(deny_unknown_fields)]
pub(crate) struct RawListen {
    /// Address and port, or unix: and the path of a socket, which only this user may open.
    pub(crate) address: String,
    /// The certificate callers are shown. Absent: no TLS.
    #[serde(default)]
    pub(crate) tls: Option<RawListenTls>,
    /// Whether HTTP/2 is spoken beside HTTP/1.1: agreed on in the TLS handshake, or without TLS by callers that begin with it.
    /// Default true.
    #[serde(default = "yes")]
    pub(crate) http2: bool,
}

const fn yes() -> bool {
    true
}

/// The certificate of a listener. Both files are read again whenever the configuration is, and when they change.
#[derive(Debug, Deserialize, JsonSchema, Serialize)]
#[schemars(rename = "ListenTls")]
#[serde(deny_unknown_fields)]
pub(crate) struct RawListenTls {
    /// A PEM file with the certificate and those between it and its root.
    #[schemars(length(min = 1))]
    pub(crate) cert: String,
    /// A PEM file with the certificate's private key.
    #[schemars(length(min = 1))]
    pub(crate) key: String,
    /// The oldest version of TLS that callers may speak. Default 1.2.
    #[serde(default)]
    pub(crate) min_version: RawTlsVersion,
}

/// A version of TLS. In quotes: without them it is a number.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, Serialize)]
#[schemars(rename = "TlsVersion")]
pub(crate) enum RawTlsVersion {
    /// TLS 1.2.
    #[default]
    #[serde(rename = "1.2")]
    V1_2,
    /// TLS 1.3.
    #[serde(rename = "1.3")]
    V1_3,
}

/// How long the gateway waits, in milliseconds.
#[derive(Debug, Deserialize, JsonSchema, Serialize)]
#[schemars(rename = "Timeouts")]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawTimeouts {
    /// For a request's head. Default 10000.
    #[schemars(range(min = 1, max = 86_400_000))]
    pub(crate) header_ms: u64,
    /// For a request's whole body. Default 30000.
    #[schemars(range(min = 1, max = 86_400_000))]
    pub(crate) body_ms: u64,
    /// For the next request on an open connection. Default 60000.
    #[schemars(range(min = 1, max = 86_400_000))]
    pub(crate) idle_ms: u64,
    /// For the next byte of a streamed response; 0 waits for ever. Default 0.
    #[schemars(range(max = 86_400_000))]
    pub(crate) stream_idle_ms: u64,
    /// For requests and streams still open at shutdown. Default 30000.
    #[schemars(range(max = 86_400_000))]
    pub(crate) shutdown_grace_ms: u64,
}

impl Default for RawTimeouts {
    fn default() -> Self {
        Self {
            header_ms: 10_000,
            body_ms: 30_000,
            idle_ms: 60_000,
            stream_idle_ms: 0,
            shutdown_grace_ms: 30_000,
        }
    }
}

/// How request bodies are read as JSON.
#[derive(Debug, Deserialize, JsonSchema, Serialize)]
#[schemars(rename = "Json")]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawJson {
    /// How many arrays and objects may lie in each other. Default 64.
    #[schemars(range(min = 1, max = 64))]
    pub(crate) max_depth: u32,
    /// Whether keys of one object that differ only in letter case are refused: some servers would take them for one key.
    /// Default refuse.
    pub(crate) case_equal_keys: RawCaseEqualKeys,
}

impl Default for RawJson {
    fn default() -> Self {
        Self { max_depth: 64, case_equal_keys: RawCaseEqualKeys::Refuse }
    }
}

/// What becomes of keys that differ only in letter case.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, Serialize)]
#[schemars(rename = "CaseEqualKeys")]
#[serde(rename_all = "snake_case")]
pub(crate) enum RawCaseEqualKeys {
    /// The body is refused.
    Refuse,
    /// They are different keys.
    Allow,
}
