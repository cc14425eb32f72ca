//! API tokens.

pub(crate) mod authenticate_token;
pub(crate) mod make_token;
pub(crate) mod refuse_token;
pub(crate) mod revoke_token;

pub use authenticate_token::authenticate_token;
pub use make_token::{NewToken, make_token};
pub use refuse_token::refuse_token;
pub use revoke_token::revoke_token;
