//! Whole flows through the desk, the workers and CloudFront's stand-in, on a clock that is turned by hand.

mod accounts;
mod acting;
mod answers;
mod bounds;
mod clock;
mod distributions;
mod fairness;
mod life;
mod limits;
mod lists;
mod looking;
mod outside;
mod pace;
mod people;
mod refusals;
mod replicas;
mod requests;
mod restart;
mod running;
mod storm;
mod survey;
mod tenants;
mod together;
mod trail;
mod trouble;
mod watching;
