//! How an inbox starts.

use std::net::SocketAddr;

use reqwest::Url;

use crate::answer::Answer;
use crate::hosts::AllowedHosts;
use crate::page::Additions;
use crate::store::Limits;

/// How to start.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where to listen; port 0 takes a free one.
    pub addr: SocketAddr,
    /// How much is kept.
    pub limits: Limits,
    /// How envelopes are answered at first.
    pub answer: Answer,
    /// Keeps the decompressed bytes of every envelope, for tests that search them.
    pub keep_raw: bool,
    /// Another server that gets a copy of every envelope, under the same path and with the same key.
    pub forward: Option<Url>,
    /// The host names that the page and the API accept, beside addresses and `localhost`.
    pub allowed_hosts: AllowedHosts,
    /// What the embedding program adds to the page.
    pub page: Additions,
}

impl Default for Options {
    /// A free loopback port, a prompt 200.
    fn default() -> Self {
        let addr = SocketAddr::from(([127, 0, 0, 1], 0));
        Self {
            addr,
            limits: Limits::default(),
            answer: Answer::default(),
            keep_raw: false,
            forward: None,
            allowed_hosts: AllowedHosts::default(),
            page: Additions::default(),
        }
    }
}
