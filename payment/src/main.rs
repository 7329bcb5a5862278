//! The payment service as a process of its own.

fn main() -> std::process::ExitCode {
    healthcheck::asked("payment", &payment::settings::PORT).unwrap_or_else(payment::main)
}
