//! What the kernel says of a process: memory, CPU time, threads, open files. Linux has it in `/proc`; elsewhere
//! nothing is known.

use std::fs;

/// A memory page, bytes; and what a second of CPU time is counted in.
const PAGE: u64 = 4096;
const TICKS: f64 = 100.0;

/// A process at one moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Usage {
    /// Resident memory, MB.
    pub memory_mb: f64,
    /// CPU time so far, seconds.
    pub cpu_seconds: f64,
    /// Threads.
    pub threads: u64,
    /// Open file descriptors.
    pub open_files: u64,
}

/// What is known of a process; `None` if there is none, or no `/proc`.
pub fn usage(pid: u32) -> Option<Usage> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let statm = fs::read_to_string(format!("/proc/{pid}/statm")).ok()?;
    let open_files = fs::read_dir(format!("/proc/{pid}/fd")).ok()?.count() as u64;
    read(&stat, &statm, open_files)
}

fn read(stat: &str, statm: &str, open_files: u64) -> Option<Usage> {
    // The name may contain blanks and parentheses; what follows it begins with field 3.
    let fields: Vec<&str> = stat.rsplit_once(") ")?.1.split_whitespace().collect();
    let number = |field: usize| fields.get(field - 3)?.parse::<u64>().ok();
    let resident: u64 = statm.split_whitespace().nth(1)?.parse().ok()?;
    Some(Usage {
        memory_mb: (resident * PAGE) as f64 / (1024.0 * 1024.0),
        cpu_seconds: (number(14)? + number(15)?) as f64 / TICKS,
        threads: number(20)?,
        open_files,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_blanks_and_parentheses_hides_no_field() {
        let stat =
            "7 (a) (b c) S 1 7 7 0 -1 4194304 10 0 0 0 150 50 0 0 20 0 12 0 100 1000 20 18446744073709551615";
        let usage = read(stat, "1000 512 10 1 0 30 0", 9).unwrap();
        assert_eq!(usage, Usage { memory_mb: 2.0, cpu_seconds: 2.0, threads: 12, open_files: 9 });
        for (stat, statm) in [("", ""), ("7 (a) S 1", "1 1"), (stat, ""), (stat, "1 x")] {
            assert_eq!(read(stat, statm, 0), None);
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_uses_memory_and_has_threads_and_files() {
        let usage = usage(std::process::id()).unwrap();
        assert!(usage.memory_mb > 1.0 && usage.threads >= 1 && usage.open_files >= 3, "{usage:?}");
    }
}
