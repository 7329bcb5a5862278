//! The analytics service as a process of its own.

fn main() -> std::process::ExitCode {
    healthcheck::asked("analytics", &analytics::settings::PORT).unwrap_or_else(analytics::main)
}
