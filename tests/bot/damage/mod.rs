//! Guild stores that were damaged in every way that a disk, an operator or another program knows.

mod crowd;
mod harm;
mod patient;
mod program;
mod running;
mod stopped;
