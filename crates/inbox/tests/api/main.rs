//! The inbox over real HTTP, as Sentry clients and the page see it.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on should say where")]

mod answers;
mod as_sent;
mod attachments;
mod bad_envelopes;
mod bounds;
mod browsers;
mod charts;
mod clients;
mod crash_reports;
mod cron;
mod debug_files;
mod deletes;
mod delivery;
mod encodings;
mod events;
mod feedback;
mod forward;
mod fuzz;
mod grouping;
mod health;
mod healthcheck;
mod helpers;
mod hosts;
mod issues;
mod lists;
mod monitors;
mod old_clients;
mod page;
mod paths;
mod process;
mod profile_bounds;
mod profile_chunks;
mod profile_requests;
mod profiles;
mod received_envelopes;
mod releases;
mod search;
mod shapes;
mod spans;
mod telemetry;
mod transactions;
mod triage;
mod uploads;
mod waiting;
