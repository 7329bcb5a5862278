//! The analytics service as a process of its own.

fn main() -> std::process::ExitCode {
    analytics::main()
}
