//! The game engine as a process of its own.

fn main() -> std::process::ExitCode {
    healthcheck::asked("game-engine", &game_engine::settings::PORT).unwrap_or_else(game_engine::main)
}
