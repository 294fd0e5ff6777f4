//! The JSON that our own paths take: an object, read strictly, whole and within limits.

use std::pin::pin;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use futures_core::Stream;
use serde_json::{Map, Value};

use crate::control::ControlError;
use crate::model::json::{Json, Reader};

/// Longest body, in bytes.
pub(in crate::control) const BODY_MAX_BYTES: usize = 64 * 1024;

/// Longest time for a body.
const PATIENCE: Duration = Duration::from_secs(10);

/// The members of a body, each of them known.
#[derive(Debug, Default)]
pub(in crate::control) struct Members(Vec<(&'static str, Member)>);

#[derive(Debug)]
enum Member {
    Text(String),
    Null,
    /// Of another type, by its name.
    Other(&'static str),
}

impl Members {
    /// Reads the body of a request whose caller may send it. No body counts as `{}`.
    ///
    /// # Errors
    /// 400 for what is no strict JSON object with `known` members only, 408, 413 or 415.
    pub(in crate::control) async fn read(
        request: Request,
        known: &[&'static str],
    ) -> Result<Self, ControlError> {
        let (parts, body) = request.into_parts();
        Self::parse(&read_json_or_none(&parts.headers, body, BODY_MAX_BYTES).await?, known)
    }

    /// The members of a body that is there.
    ///
    /// # Errors
    /// 400 for what is no strict JSON object with `known` members only.
    pub(in crate::control) fn parse(bytes: &[u8], known: &[&'static str]) -> Result<Self, ControlError> {
        let json = Reader::default().parse(bytes).map_err(|error| {
            ControlError::bad_body(None, format!("The body is not the JSON this path takes: {error}."))
        })?;
        let Json::Object(members) = &json else {
            let detail = format!("The body is a JSON object, not of type {}.", json.type_name());
            return Err(ControlError::bad_body(None, detail));
        };
        let mut read = Vec::with_capacity(members.len());
        for (name, value) in members {
            let Some(known) = known.iter().copied().find(|known| *known == name.as_str()) else {
                let detail = match known {
                    [] => "The body has a member, and this path takes none.".to_owned(),
                    known => format!("The body has an unknown member. This path takes {}.", known.join(", ")),
                };
                let name: String = name.as_str().chars().take(64).collect();
                return Err(ControlError::bad_body(Some(&name), detail));
            };
            read.push((known, Member::of(value)));
        }
        Ok(Self(read))
    }

    /// A text of at most `most` characters; `None` where it is absent, `null` or empty.
    ///
    /// # Errors
    /// 400 for anything else.
    pub(in crate::control) fn text(&self, name: &str, most: usize) -> Result<Option<&str>, ControlError> {
        let found = self.0.iter().find(|(known, _)| *known == name).map(|(_, member)| member);
        match found {
            None | Some(Member::Null) => Ok(None),
            Some(Member::Text(text)) if text.chars().count() > most => {
                let detail = format!("{name} has more than {most} characters.");
                Err(ControlError::bad_body(Some(name), detail))
            }
            Some(Member::Text(text)) => Ok(Some(text.as_str()).filter(|text| !text.is_empty())),
            Some(Member::Other(kind)) => {
                Err(ControlError::bad_body(Some(name), format!("{name} is a text, not of type {kind}.")))
            }
        }
    }
}

/// Reads the body of a request whose caller may send it, whatever its members are. No body counts as `{}`.
///
/// # Errors
/// 400 for what is no strict JSON object, 408, 413 or 415.
pub(in crate::control) async fn read_object(request: Request) -> Result<Map<String, Value>, ControlError> {
    let (parts, body) = request.into_parts();
    let bytes = read_whole(&parts.headers, body, BODY_MAX_BYTES).await?;
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Ok(Map::new());
    }
    if !is_json(&parts.headers) {
        return Err(ControlError::MediaType);
    }
    Reader::default().parse(&bytes).map_err(|error| {
        ControlError::bad_body(None, format!("The body is not the JSON this path takes: {error}."))
    })?;
    serde_json::from_slice(&bytes)
        .map_err(|_| ControlError::bad_body(None, "The body is a JSON object.".to_owned()))
}

impl Member {
    fn of(value: &Json<'_>) -> Self {
        match value {
            Json::String(text) => Self::Text(text.as_str().to_owned()),
            Json::Null => Self::Null,
            other => Self::Other(other.type_name()),
        }
    }
}

/// The whole body of a request with these headers, which must be sent as JSON, of at most `most` bytes.
///
/// # Errors
/// 400, 408, 413 or 415.
pub(in crate::control) async fn read_json(
    headers: &HeaderMap,
    body: Body,
    most: usize,
) -> Result<Vec<u8>, ControlError> {
    let bytes = read_whole(headers, body, most).await?;
    if is_json(headers) { Ok(bytes) } else { Err(ControlError::MediaType) }
}

/// The same of a body that may be left out, which counts as `{}`.
///
/// # Errors
/// 400, 408, 413 or 415.
pub(in crate::control) async fn read_json_or_none(
    headers: &HeaderMap,
    body: Body,
    most: usize,
) -> Result<Vec<u8>, ControlError> {
    let bytes = read_whole(headers, body, most).await?;
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Ok(b"{}".to_vec());
    }
    if is_json(headers) { Ok(bytes) } else { Err(ControlError::MediaType) }
}

/// The whole body of a request with these headers, of at most `most` bytes.
///
/// # Errors
/// 400, 408, 413, or 415 for what is packed.
pub(in crate::control) async fn read_whole(
    headers: &HeaderMap,
    body: Body,
    most: usize,
) -> Result<Vec<u8>, ControlError> {
    // Nothing is unpacked here, and what is packed is not what it would be read as.
    let packed = headers.get_all(CONTENT_ENCODING).iter().any(|coding| coding != "identity");
    if packed {
        return Err(ControlError::Packed);
    }
    let length = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    let bytes = tokio::time::timeout(PATIENCE, whole(body, length.unwrap_or(0), most));
    bytes.await.map_err(|_| ControlError::BodyTooSlow)?
}

/// The whole body, whose length was given as `announced` if it was. What is left of a longer one is whoever's business the connection
/// is.
async fn whole(body: Body, announced: u64, most: usize) -> Result<Vec<u8>, ControlError> {
    if usize::try_from(announced).is_ok_and(|announced| announced > most) {
        return Err(ControlError::BodyTooLarge(most));
    }
    let mut frames = pin!(body.into_data_stream());
    let mut bytes = Vec::new();
    while let Some(frame) = std::future::poll_fn(|context| frames.as_mut().poll_next(context)).await {
        // A body that breaks off has nobody who waits for the answer.
        let frame = frame.map_err(|_| ControlError::bad_body(None, "The body broke off.".to_owned()))?;
        if frame.len() > most.saturating_sub(bytes.len()) {
            return Err(ControlError::BodyTooLarge(most));
        }
        bytes.extend_from_slice(&frame);
    }
    Ok(bytes)
}

fn is_json(headers: &HeaderMap) -> bool {
    let mut types = headers.get_all(CONTENT_TYPE).iter();
    let (Some(written), None) = (types.next(), types.next()) else { return false };
    let Ok(written) = written.to_str() else { return false };
    let essence = written.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn comment(content_type: Option<&str>, body: Vec<u8>) -> Result<Option<String>, ControlError> {
        let mut request = Request::builder().method("POST");
        if let Some(content_type) = content_type {
            request = request.header(CONTENT_TYPE, content_type);
        }
        let request = request.body(Body::from(body)).unwrap();
        let members = Members::read(request, &["comment"]).await?;
        Ok(members.text("comment", 5)?.map(str::to_owned))
    }

    #[tokio::test]
    async fn an_object_with_known_members_is_read_and_no_body_is_an_empty_one() {
        for (content_type, body, read) in [
            (Some("application/json"), r#"{"comment":"fine"}"#, Some("fine")),
            (
                Some("Application/JSON; charset=utf-8"),
                r#" {"comment":"\u00e4\u00e4\u00e4\u00e4\u00e4"} "#,
                Some("äääää"),
            ),
            (Some("application/json"), r#"{"comment":null}"#, None),
            (Some("application/json"), r#"{"comment":""}"#, None),
            (Some("application/json"), "{}", None),
            (Some("application/json"), "", None),
            (Some("application/x-www-form-urlencoded"), "", None),
            (None, " \r\n", None),
        ] {
            let comment = comment(content_type, body.into()).await;
            assert_eq!(comment, Ok(read.map(str::to_owned)), "{body}");
        }
    }

    #[tokio::test]
    async fn everything_else_is_refused_by_its_field() {
        for (body, field) in [
            (r#"{"comment":"longer"}"#, Some("comment")),
            (r#"{"comment":1}"#, Some("comment")),
            (r#"{"comment":["a"]}"#, Some("comment")),
            (r#"{"remark":"a"}"#, Some("remark")),
            (r#"{"Comment":"a"}"#, Some("Comment")),
            (r#"{"comment":"a","comment":"b"}"#, None),
            (r#"{"comment":"a"}{}"#, None),
            (r#"["comment"]"#, None),
            ("null", None),
            ("{", None),
            ("{\"comment\":\"\u{1}\"}", None),
        ] {
            match comment(Some("application/json"), body.into()).await {
                Err(ControlError::BadBody { field: named, .. }) => {
                    assert_eq!(named.as_deref(), field, "{body}")
                }
                other => panic!("{body}: {other:?}"),
            }
        }
    }

    #[tokio::test]
    async fn another_type_and_a_long_body_are_refused() {
        for content_type in [None, Some("text/plain"), Some("application/json-patch+json"), Some("")] {
            assert_eq!(
                comment(content_type, b"{}".into()).await,
                Err(ControlError::MediaType),
                "{content_type:?}"
            );
        }
        let padded = |length: usize| {
            let mut body = b"{}".to_vec();
            body.resize(length, b' ');
            body
        };
        assert_eq!(comment(Some("application/json"), padded(BODY_MAX_BYTES)).await, Ok(None));
        for length in [BODY_MAX_BYTES + 1, 4 * 1024 * 1024] {
            let read = comment(Some("application/json"), padded(length)).await;
            assert_eq!(read, Err(ControlError::BodyTooLarge(BODY_MAX_BYTES)));
        }
    }
}
