//! For how many connections the process has file descriptors.

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Files that connections leave to everything else: databases, brokers, Sentry, logs.
const RESERVED: u64 = 256;

/// A connection takes two: its socket, and the duplicate by which the watch can close it.
const FILES_PER_CONNECTION: u64 = 2;

/// Most connections of a worker, whatever the limit for open files: actix-web's own default.
const MOST: u64 = 25_000;

/// How many workers actix-web starts by default.
pub fn workers() -> usize {
    std::thread::available_parallelism().map_or(2, std::num::NonZeroUsize::get).min(512)
}

/// How many connections a worker may hold, so that the process never runs out of file descriptors: half of what the
/// limit for open files leaves beside a reserve, divided among the workers. Raises the soft limit to the hard one first.
pub fn max_connections(workers: usize) -> usize {
    bounded(open_files(), workers)
}

fn open_files() -> u64 {
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else { return RESERVED };
    if soft < hard && setrlimit(Resource::RLIMIT_NOFILE, hard, hard).is_ok() { hard } else { soft }
}

fn bounded(files: u64, workers: usize) -> usize {
    let free = files - RESERVED.min(files / 2);
    let each = free / FILES_PER_CONNECTION / workers.max(1) as u64;
    usize::try_from(each.clamp(1, MOST)).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_files_for_everything_else() {
        assert_eq!(bounded(1_024, 1), 384);
        assert_eq!(bounded(1_024, 2), 192);
        assert_eq!(bounded(256, 2), 32);
        assert_eq!(bounded(u64::MAX, 2), 25_000);
        assert_eq!(bounded(8, 64), 1);
    }
}
