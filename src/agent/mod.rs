//! The agent.

pub mod cache;
pub mod config;
pub mod epoch;
pub mod limits;
pub mod profiles;
