"""Names of roles in templates."""

from django import template

from bpi_portal.roles import role_name

register = template.Library()
register.filter("role_name", role_name)
