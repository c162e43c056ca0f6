-- Read once, on an empty volume: for each service a role and a database that no other role may enter.
\getenv user_password USER_PASSWORD
\getenv order_password ORDER_PASSWORD

CREATE ROLE "user" LOGIN PASSWORD :'user_password';
CREATE DATABASE "user" OWNER "user";
REVOKE ALL ON DATABASE "user" FROM PUBLIC;

CREATE ROLE "order" LOGIN PASSWORD :'order_password';
CREATE DATABASE "order" OWNER "order";
REVOKE ALL ON DATABASE "order" FROM PUBLIC;
