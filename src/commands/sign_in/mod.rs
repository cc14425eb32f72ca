//! People, how they sign in, and their sessions.

pub(crate) mod add_person;
pub(crate) mod disable_person;
pub(crate) mod end_session;
pub(crate) mod external_sign_in;
pub(crate) mod invite_person;
pub(crate) mod make_set_up_link;
pub(crate) mod note_session_use;
pub(crate) mod pass_second_step;
pub(crate) mod password;
pub(crate) mod password_sign_in;
pub(crate) mod record_authentication_methods;
pub(crate) mod refuse_header;
pub(crate) mod reset_password;
pub(crate) mod second_step;
pub(crate) mod set_password;
pub(crate) mod set_up;

pub use add_person::add_person;
pub use disable_person::{disable_person, enable_person};
pub use end_session::{end_other_session, end_session, end_sessions};
pub use external_sign_in::{ExternalRules, SignInRefusal, sign_in_by_provider, sign_in_by_proxy};
pub use invite_person::invite_person;
pub use make_set_up_link::make_set_up_link;
pub use note_session_use::note_session_use;
pub use pass_second_step::{SecondStepPassed, pass_second_step};
pub use password_sign_in::{SignIn, SignedIn, open_session, refuse_sign_in, sign_in};
pub use record_authentication_methods::{note_check, record_authentication_methods};
pub use refuse_header::refuse_header;
pub use reset_password::{reset_password, reset_password_with_link};
pub use second_step::{confirm_second_step, make_recovery_codes, offer_second_step, take_second_step_away};
pub use set_password::{change_password, check_own_password, set_password_with_link};
pub use set_up::{SetUp, set_up};
