//! [`Remote`]: asks, and tells answers from refusals. Imports `net`.

use serde_json::Value;

use crate::app::RemoteError;
use crate::net::{Answer, Client, NetError};

/// A running gateway.
#[derive(Debug)]
pub struct Remote {
    client: Client,
    url: String,
}

impl Remote {
    /// The gateway whose control listener is at `url`, called with `key`.
    ///
    /// # Errors
    /// [`RemoteError::Unusable`]; [`RemoteError::Unreachable`] where `https` cannot be spoken at all.
    pub fn new(url: &str, key: Option<&str>) -> Result<Self, RemoteError> {
        match Client::new(url, key) {
            Ok(client) => Ok(Self { client, url: url.to_owned() }),
            Err(error @ NetError::Authorities(_)) => {
                Err(RemoteError::Unreachable { url: url.to_owned(), error })
            }
            Err(error) => Err(RemoteError::Unusable(error)),
        }
    }

    /// What a GET of `path` answers.
    ///
    /// # Errors
    /// Every other [`RemoteError`].
    pub fn read(&self, path: &str) -> Result<Value, RemoteError> {
        self.json(self.client.get(path))
    }

    /// The same, where a gateway that is out of order (503) answers as one that is not.
    ///
    /// # Errors
    /// As for [`Self::read`].
    pub fn read_health(&self, path: &str) -> Result<Value, RemoteError> {
        match self.read(path) {
            Err(RemoteError::Refused { status: 503, problem })
                if problem.get("status").is_some_and(Value::is_string) =>
            {
                Ok(problem)
            }
            other => other,
        }
    }

    /// What a POST of `body` to `path` answers.
    ///
    /// # Errors
    /// As for [`Self::read`].
    pub fn change(&self, path: &str, body: &Value) -> Result<Value, RemoteError> {
        self.json(self.client.post_json(path, &body.to_string()))
    }

    /// What a DELETE of `path` answers; null where that is nothing.
    ///
    /// # Errors
    /// As for [`Self::read`].
    pub fn remove(&self, path: &str) -> Result<Value, RemoteError> {
        self.json(self.client.delete(path))
    }

    fn json(&self, answer: Result<Answer, NetError>) -> Result<Value, RemoteError> {
        let url = self.url.clone();
        let Answer { status, body } = answer.map_err(|error| RemoteError::Unreachable { url, error })?;
        if status == 204 {
            return Ok(Value::Null);
        }
        let not_json = || RemoteError::NotJson { url: self.url.clone(), status };
        let value: Value = serde_json::from_slice(&body).map_err(|_| not_json())?;
        match status {
            200..=299 => Ok(value),
            400.. => Err(RemoteError::Refused { status, problem: value }),
            _ => Err(not_json()),
        }
    }
}
