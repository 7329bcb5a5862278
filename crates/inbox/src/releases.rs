//! Releases as `sentry-cli` makes them: with commits, and with deploys.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::received::fields::{scalar, text};
use crate::text::{LONG, SHORT, clip};
use crate::timestamp;

/// Most releases that are kept: the one that was made first goes first.
pub(crate) const MAX_RELEASES: usize = 200;

/// Most commits and most projects of a release, the first ones.
const MAX_COMMITS: usize = 200;
const MAX_PROJECTS: usize = 50;

/// Most deploys of a release that are kept, the latest.
const MAX_DEPLOYS: usize = 50;

/// A release.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Release {
    /// `NAME@VERSION`.
    pub version: String,
    /// The projects that it is a release of, 50 at most.
    pub projects: Vec<String>,
    /// When it was made, seconds since 1970.
    pub created_at: f64,
    /// When it was released, if it was.
    pub released_at: Option<f64>,
    /// What is new in it, the latest first, 200 at most.
    pub commits: Vec<Commit>,
    /// Where it runs, the latest first, 50 at most.
    pub deploys: VecDeque<Deploy>,
}

/// A commit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Commit {
    /// Its hash.
    pub id: String,
    /// What it does.
    pub message: Option<String>,
    /// Who made it.
    pub author: Option<String>,
    /// When, seconds since 1970.
    pub created_at: Option<f64>,
}

/// A deploy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Deploy {
    /// Counts the deploys of the release.
    pub id: u64,
    /// Such as `production`.
    pub environment: String,
    /// Its name, if it has one.
    pub name: Option<String>,
    /// When it was done, seconds since 1970.
    pub finished_at: f64,
}

/// All that are held, the one that was made first first.
#[derive(Debug, Default)]
pub(crate) struct Releases(VecDeque<Release>);

/// What is said of a release. What is absent stays as it was.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Change {
    /// Only where a release is made: elsewhere the path names it.
    pub(crate) version: Option<String>,
    projects: Option<Vec<Value>>,
    #[serde(rename = "dateReleased")]
    released: Option<Value>,
    commits: Option<Vec<Value>>,
}

/// A deploy that is reported.
#[derive(Debug, Deserialize)]
pub(crate) struct NewDeploy {
    environment: String,
    name: Option<String>,
    #[serde(rename = "dateFinished")]
    finished: Option<Value>,
}

impl Releases {
    pub(crate) fn get(&self, version: &str) -> Option<&Release> {
        self.0.iter().find(|release| release.version == version)
    }

    /// The one that was made last first.
    pub(crate) fn newest_first(&self) -> Vec<Release> {
        self.0.iter().rev().cloned().collect()
    }

    /// The release before in one of its projects, whose latest commit is the first that is not new.
    pub(crate) fn before(&self, version: &str) -> Option<&Release> {
        let projects = self.get(version).map(|it| it.projects.as_slice()).unwrap_or_default();
        let shares = |it: &&Release| it.projects.iter().any(|project| projects.contains(project));
        let others = self.0.iter().rev().filter(|it| it.version != version);
        others.filter(shares).find(|it| !it.commits.is_empty())
    }

    /// Makes a release, or changes it, where it is there already.
    pub(crate) fn change(&mut self, version: &str, change: &Change) -> Release {
        let release = self.of(version);
        release.change(change);
        release.clone()
    }

    /// A deploy of a release; `None` if the release is not held.
    pub(crate) fn deploy(&mut self, version: &str, new: &NewDeploy) -> Option<Deploy> {
        let release = self.0.iter_mut().find(|release| release.version == version)?;
        let deploy = Deploy {
            id: release.deploys.front().map_or(0, |latest| latest.id) + 1,
            environment: clip(&new.environment, SHORT),
            name: new.name.as_deref().map(|name| clip(name, SHORT)),
            finished_at: new.finished.as_ref().and_then(timestamp::seconds).unwrap_or_else(timestamp::now),
        };
        release.deploys.push_front(deploy.clone());
        release.deploys.truncate(MAX_DEPLOYS);
        Some(deploy)
    }

    fn of(&mut self, version: &str) -> &mut Release {
        let place = match self.0.iter().position(|release| release.version == version) {
            Some(place) => place,
            None => {
                if self.0.len() == MAX_RELEASES {
                    self.0.pop_front();
                }
                let version = version.to_owned();
                self.0.push_back(Release { version, created_at: timestamp::now(), ..Release::default() });
                self.0.len() - 1
            }
        };
        &mut self.0[place]
    }
}

impl Release {
    fn change(&mut self, change: &Change) {
        for project in change.projects.iter().flatten().filter_map(scalar) {
            if self.projects.len() < MAX_PROJECTS && !self.projects.contains(&project) {
                self.projects.push(project);
            }
        }
        if let Some(commits) = &change.commits {
            self.commits = commits.iter().filter_map(Commit::read).take(MAX_COMMITS).collect();
        }
        if let Some(released) = &change.released {
            self.released_at = timestamp::seconds(released);
        }
    }
}

impl Commit {
    fn read(commit: &Value) -> Option<Self> {
        Some(Self {
            id: text(&commit["id"])?,
            message: commit["message"].as_str().map(|message| clip(message, LONG)),
            author: text(&commit["author_name"]),
            created_at: timestamp::seconds(&commit["timestamp"]),
        })
    }
}
