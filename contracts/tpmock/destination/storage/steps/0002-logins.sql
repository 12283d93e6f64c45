CREATE TABLE tp_logins (
    state VARCHAR(64) NOT NULL PRIMARY KEY,
    beginner VARCHAR(64) NOT NULL,
    business_unit_id VARCHAR(64) NOT NULL,
    domain VARCHAR(255) NOT NULL,
    api_key TEXT NOT NULL,
    api_secret TEXT NOT NULL,
    expires_at DOUBLE PRECISION NOT NULL
);
