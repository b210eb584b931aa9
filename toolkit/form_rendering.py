"""Render every form of the portal, allauth's too, with the two templates of components/."""

from django.forms.renderers import TemplatesSetting


class Renderer(TemplatesSetting):
    """Serve ``{{ form }}`` and ``{{ form.x.as_field_group }}`` from components/form, /field."""

    form_template_name = "components/form.html"
    field_template_name = "components/field.html"
