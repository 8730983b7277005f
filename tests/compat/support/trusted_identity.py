"""A paste filter for tests on loopback: the caller's token USER:PROJECT:ROLE[,ROLE] is its identity.

It sets the headers that Keystone's middleware sets. It trusts every caller that reaches the port."""


def factory(global_conf, **local_conf):
    def wrap(app):
        def call(environ, start_response):
            parts = environ.get('HTTP_X_AUTH_TOKEN', '').split(':')
            if len(parts) == 3:
                user, project, roles = parts
                environ.update({
                    'HTTP_X_IDENTITY_STATUS': 'Confirmed',
                    'HTTP_X_USER_ID': user,
                    'HTTP_X_PROJECT_ID': project,
                    'HTTP_X_TENANT_ID': project,
                    'HTTP_X_ROLES': roles,
                })
            return app(environ, start_response)
        return call
    return wrap
