//! A running demo, as other commands reach it: through the API of its page.

use reqwest::{Client, Method, Response, Url};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::http::{self, body, reason};

/// A demo that runs.
#[derive(Debug)]
pub struct RunningDemo {
    http: Client,
    page: Url,
}

/// The answer to what is refused.
#[derive(serde::Deserialize)]
struct Refusal {
    error: String,
}

/// Why a command could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum RunningError {
    /// The HTTP client could not be made.
    #[error("no HTTP client: {0}")]
    Client(#[source] reqwest::Error),
    /// Nobody listens there.
    #[error("no demo answers at {page} ({reason}): `cargo run` starts one")]
    NoDemo {
        /// Where.
        page: Url,
        /// Why not.
        reason: String,
    },
    /// It says no.
    #[error("{0}")]
    Refused(String),
    /// It is no demo, or one of another version.
    #[error("{page} does not answer as a demo does: {reason}")]
    NotADemo {
        /// Where.
        page: Url,
        /// What is wrong with the answer.
        reason: String,
    },
}

impl RunningDemo {
    /// The demo whose page is there.
    pub fn at(page: &Url) -> Result<Self, RunningError> {
        let http = http::client().map_err(RunningError::Client)?;
        Ok(Self { http, page: page.clone() })
    }

    /// Where its page is.
    pub fn page(&self) -> &Url {
        &self.page
    }

    /// What is at a path, such as `/api/stage/state`.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, RunningError> {
        let answer = self.ask(Method::GET, path, None::<&()>).await?;
        serde_json::from_slice(&answer).map_err(|error| self.is_none(error.to_string()))
    }

    /// Has it do something.
    pub async fn post(&self, path: &str, document: &impl Serialize) -> Result<(), RunningError> {
        self.ask(Method::POST, path, Some(document)).await.map(drop)
    }

    /// Has it end something.
    pub async fn delete(&self, path: &str) -> Result<(), RunningError> {
        self.ask(Method::DELETE, path, None::<&()>).await.map(drop)
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        document: Option<&impl Serialize>,
    ) -> Result<Vec<u8>, RunningError> {
        let url = self.page.join(path).map_err(|error| self.is_none(error.to_string()))?;
        let mut request = self.http.request(method, url);
        if let Some(document) = document {
            request = request.json(document);
        }
        let answer = request.send().await;
        let answer = answer
            .map_err(|error| RunningError::NoDemo { page: self.page.clone(), reason: reason(&error) })?;
        self.accept(answer).await
    }

    /// The body of an answer that says yes.
    async fn accept(&self, answer: Response) -> Result<Vec<u8>, RunningError> {
        let status = answer.status();
        let body = body(answer).await.map_err(|reason| self.is_none(reason))?;
        if status.is_success() {
            return Ok(body);
        }
        Err(match serde_json::from_slice(&body) {
            Ok(Refusal { error }) => RunningError::Refused(error),
            Err(_) => self.is_none(format!("HTTP {status}")),
        })
    }

    fn is_none(&self, reason: String) -> RunningError {
        RunningError::NotADemo { page: self.page.clone(), reason }
    }
}
