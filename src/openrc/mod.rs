//! openrc
