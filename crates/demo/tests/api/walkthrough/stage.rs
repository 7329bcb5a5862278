//! A standing demo, or another stack, and a shell beside it.

use std::process::Stdio;
use std::time::Duration;

use demo::generated::root;
use demo::ports::INBOX_PORT;
use demo::services::SERVICES;
use fixtures::app::wait_for;
use tokio::process::Command;
use tokio::time::timeout;

use super::document::{DOCUMENT, Step};
use crate::helpers::{Standing, demo};

/// Longest time of one block.
const LIMIT: Duration = Duration::from_secs(120);

/// Where a stack is that others have started: `9000=HOST:PORT 8082=HOST:PORT …`, by the ports that the document writes.
const AT: &str = "WALKTHROUGH_AT";

/// Everything that the walkthrough needs, on free ports.
pub(crate) struct Stage {
    /// What the document writes, and what stands for it here.
    addresses: Vec<(String, String)>,
    inbox: String,
    /// Ends with the stage.
    _standing: Option<Standing>,
}

impl Stage {
    /// As `cargo run` starts it on a machine without database and broker.
    pub(crate) async fn bare() -> Self {
        Self::with(&[]).await
    }

    /// With a database and a broker; `None` if there are none to start.
    pub(crate) async fn full() -> Option<Self> {
        let (database, broker) = (fixtures::mongo::url()?, fixtures::rabbit::virtual_host()?.url());
        // Its job runs once: a run in the midst of a stop would count as one of its transactions.
        let environment =
            [("MONGODB_URL", &*database), ("RABBITMQ_URL", &*broker), ("DAY_REPORT_MINUTES", "1440")];
        let stage = Self::with(&environment).await;
        let transactions = format!("{}/api/transactions", stage.inbox);
        wait_for("the report of the day", &transactions, |answer| {
            answer.body.to_string().contains("day-report")
        })
        .await;
        Some(stage)
    }

    /// The one that [`AT`] names.
    pub(crate) fn composed() -> Self {
        let at = std::env::var(AT).unwrap_or_else(|_| panic!("{AT} is not set; deploy/test/run sets it"));
        let address = |pair: &str| {
            let (port, here) = pair.split_once('=').unwrap_or_else(|| panic!("{AT}: `{pair}`"));
            (format!("localhost:{port}"), here.to_owned())
        };
        let addresses: Vec<_> = at.split_whitespace().map(address).collect();
        let usual = format!("localhost:{INBOX_PORT}");
        let inbox = addresses.iter().find(|(written, _)| *written == usual);
        let inbox = format!("http://{}", inbox.unwrap_or_else(|| panic!("{AT}: no inbox")).1);
        Self { addresses, inbox, _standing: None }
    }

    async fn with(environment: &[(&str, &str)]) -> Self {
        let mut command = demo(&["--free-ports"]);
        // No payment fails by chance.
        command.env("ERROR_RATE", "0").env_remove("RABBITMQ_URL").envs(environment.iter().copied());
        let mut standing = Standing::of(command);
        let services = standing.all_serve().await;
        let inbox = standing.said().lines().find_map(|line| line.strip_prefix("inbox "));
        let inbox = inbox.and_then(|line| line.split_whitespace().next()).expect("the inbox").to_owned();
        let mut addresses = vec![usual(INBOX_PORT, &inbox)];
        for service in services {
            let port = SERVICES.iter().find(|it| it.name == service.name).expect("a service").usual_port;
            addresses.push(usual(port, &service.url));
        }
        Self { addresses, inbox, _standing: Some(standing) }
    }

    /// Where the inbox is.
    pub(crate) fn inbox(&self) -> &str {
        &self.inbox
    }

    /// Runs a block; what it prints.
    pub(crate) async fn run(&self, step: &Step) -> String {
        let binary = format!("'{}' ", env!("CARGO_BIN_EXE_demo"));
        let script = step.commands.replace("cargo run -- ", &binary);
        let script = self.addresses.iter().fold(script, |script, (usual, here)| script.replace(usual, here));
        let mut shell = Command::new("sh");
        shell.args(["-euc", &script]).current_dir(root()).stdin(Stdio::null()).kill_on_drop(true);
        let at = format!("{DOCUMENT}:{}", step.line);
        let output = timeout(LIMIT, shell.output()).await.unwrap_or_else(|_| panic!("{at} does not end"));
        let output = output.expect("a shell");
        let printed = [output.stdout, output.stderr].map(|it| String::from_utf8_lossy(&it).into_owned());
        assert!(output.status.success(), "{at}: {}\n{script}\n{printed:?}", output.status);
        printed.concat()
    }
}

/// `localhost:9000`, and host and port of the URL.
fn usual(port: u16, url: &str) -> (String, String) {
    (format!("localhost:{port}"), url.trim_start_matches("http://").to_owned())
}
