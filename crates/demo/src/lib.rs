//! One command: the inbox and the three services, and the check of what they promise.
//!
//! ```text
//! demo          starts everything, says where it is, restarts what dies, stops all on Ctrl-C     (up)
//! demo check    fires every scenario of every catalogue and compares its events with its promise (check)
//! demo fingerprint RULES EVENT   which rule groups an event, and how                         (fingerprint)
//! demo table    writes the table of scenarios in docs/scenarios.md, from the declarations      (table)
//! demo traffic  lets players play for a while, in a running demo                             (traffic)
//! demo release X   deploys a release that goes wrong, in a running demo, or rolls it back          (release)
//! demo serve    the page by itself, for services that run already                             (page)
//! demo serve X  hidden: the process in which service X runs, a child of the standing demo       (serve)
//! ```
//!
//! - [`services`] the three services; [`ports`] where they listen; [`serve`] their side of the process border
//! - [`supervisor`] our side: children that are started, restarted and stopped
//! - [`stage`] inbox and supervised services together, what both commands stand on
//! - [`up`] and [`walkthrough`] the standing demo; [`backing`] the servers that it finds or starts
//! - [`page`] the tab Scenarios; [`control`] what it shows and does; [`traffic`] players that play
//! - [`running`] a running demo, for [`traffic`] and [`release`]
//! - [`dsns`] where the services send
//! - [`check`] the comparison of promises with events
//! - [`generated`] documents that are made from declarations
//! - [`cli`], [`terminal`], [`http`], `signals` the edges

pub mod backing;
pub mod check;
pub mod cli;
pub mod control;
pub mod dsns;
pub mod fingerprint;
pub mod generated;
pub mod hints;
pub mod http;
pub mod page;
pub mod ports;
pub mod release;
pub mod running;
pub mod serve;
pub mod services;
mod signals;
pub mod stage;
pub mod supervisor;
pub mod table;
pub mod terminal;
pub mod traffic;
pub mod up;
pub mod variables;
pub mod walkthrough;
