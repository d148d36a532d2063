//! What is peculiar to Redis: where it is, who may do what there, and what happens when it is away, full or not
//! the one to ask.

pub mod catalog;
mod concurrency;
mod cuts;
mod damage;
mod disk;
mod login;
mod outage;
mod refusal;
mod rotation;
mod sentinel;
mod tls;
