//! `deploy/release`, with Sentry's own command line against an inbox.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use demo::generated::root;
use demo::services::SERVICES;
use fixtures::{needed, sentry_cli};
use inbox::Inbox;
use serde_json::{Value, json};

/// A repository with the script in it, removed in the end.
struct Repository(PathBuf);

impl Repository {
    fn new(test: &str) -> Self {
        let name = format!("release-{test}-{}", std::process::id());
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(folder.join("deploy")).expect("a folder");
        fs::copy(root().join("deploy/release"), folder.join("deploy/release")).expect("a copy of the script");
        let repository = Self(folder);
        repository.git(&["init", "--quiet"]);
        repository
    }

    fn git(&self, arguments: &[&str]) -> String {
        let identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"];
        let output = Command::new("git").args(identity).args(arguments).current_dir(&self.0).output();
        let output = output.expect("git");
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// Commits something; the hash.
    fn commit(&self, subject: &str) -> String {
        fs::write(self.0.join("file"), subject).expect("a file");
        self.git(&["add", "file"]);
        self.git(&["commit", "--quiet", "--message", subject]);
        self.git(&["rev-parse", "HEAD"])
    }

    async fn release(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
        let mut script = tokio::process::Command::new(self.0.join("deploy/release"));
        let names = ["SENTRY_AUTH_TOKEN", "SENTRY_ORG", "SENTRY_PROJECT", "SENTRY_URL", "SENTRY_DSN"];
        for name in names {
            script.env_remove(name);
        }
        script.args(arguments).envs(environment.iter().copied()).output().await.expect("the script")
    }
}

impl Drop for Repository {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

async fn releases(inbox: &Inbox) -> Vec<Value> {
    let url = format!("{}/api/releases", inbox.url());
    let answer = demo::http::client().expect("a client").get(url).send().await.expect("an answer");
    let answer: Value = answer.json().await.expect("JSON");
    answer["releases"].as_array().expect("releases").clone()
}

#[actix_web::test]
async fn the_script_makes_a_release_of_each_service_with_its_commits_and_its_deploy() {
    let Some(cli) = needed(sentry_cli::binary()) else { return };
    let (inbox, repository) = (Inbox::start().await.expect("an inbox"), Repository::new("made"));
    let (url, cli) = (inbox.url(), cli.display().to_string());
    let environment = [
        ("SENTRY_CLI", cli.as_str()),
        ("SENTRY_URL", url.as_str()),
        ("SENTRY_AUTH_TOKEN", "any"),
        ("SENTRY_ORG", "demo"),
    ];
    let first = [repository.commit("Add spins"), repository.commit("Add payments")];
    let mut commits: Vec<&String> = first.iter().rev().collect();
    let second = repository.commit("Count what was paid");
    repository.git(&["reset", "--quiet", "--hard", "HEAD~1"]);

    for (version, place) in [("1.0.0", "staging"), ("1.1.0", "production")] {
        if version == "1.1.0" {
            repository.git(&["reset", "--quiet", "--hard", &second]);
            commits = vec![&second];
        }
        let output = repository.release(&[version, place], &environment).await;
        assert!(output.status.success(), "{output:?}");
        let all = releases(&inbox).await;
        for service in ["game-engine", "analytics-service", "payment-service"] {
            let release = format!("{service}@{version}");
            let found = all.iter().find(|it| it["version"] == release);
            let found = found.unwrap_or_else(|| panic!("no {release}: {all:?}"));
            let ids: Vec<_> =
                found["commits"].as_array().expect("commits").iter().map(|it| &it["id"]).collect();
            assert_eq!(json!(ids), json!(commits), "{release}");
            assert_eq!(found["commits"][0]["author"], "Ada");
            assert_eq!(found["projects"], json!([service]));
            assert!(found["released_at"].is_f64(), "{found}");
            assert_eq!(found["deploys"].as_array().map(Vec::len), Some(1), "{found}");
            assert_eq!(found["deploys"][0]["environment"], place);
        }
    }
    assert_eq!(releases(&inbox).await.len(), 2 * SERVICES.len());
}

#[actix_web::test]
async fn the_script_says_what_it_needs() {
    let repository = Repository::new("refused");
    let token = ("SENTRY_AUTH_TOKEN", "secret-token");
    let organization = ("SENTRY_ORG", "demo");
    for (arguments, environment, missing) in [
        (&["1.0.0"][..], &[][..], "usage: deploy/release VERSION ENVIRONMENT"),
        (&["1.0.0", "staging"], &[], "SENTRY_AUTH_TOKEN"),
        (&["1.0.0", "staging"], &[token], "SENTRY_ORG"),
        (
            &["1.0.0", "staging"],
            &[token, organization, ("SENTRY_CLI", "no-such-program")],
            "there is no no-such-program",
        ),
    ] {
        let output = repository.release(arguments, environment).await;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && said.contains(missing), "{missing}: {said}");
        assert!(!said.contains("secret-token"), "{said}");
    }
}
