"""The API's description as Swagger 2.0, for clients that know nothing newer. Made of the OpenAPI 3.1 document."""

from collections.abc import Callable, Mapping
from typing import Any

Json = dict[str, Any]

KEPT = frozenset(
    {"$ref", "additionalProperties", "default", "description", "enum", "example", "format", "items", "multipleOf"}
    | {"exclusiveMaximum", "exclusiveMinimum", "maximum", "minimum", "maxItems", "minItems", "uniqueItems"}
    | {"maxLength", "minLength", "pattern", "maxProperties", "minProperties", "properties", "required"}
    | {"readOnly", "title", "type"}
)
"""What a schema of Swagger 2.0 may say."""
PARAMETER_TYPES = frozenset({"string", "integer", "number", "boolean", "array"})


def swagger2_document(openapi: Json) -> Json:
    """Return the Swagger 2.0 document that says what an OpenAPI 3.1 document says, as far as it can."""
    components = openapi.get("components", {})
    document: Json = {
        "swagger": "2.0",
        "info": openapi["info"],
        "basePath": openapi["servers"][0]["url"],
        "tags": openapi.get("tags", []),
        "paths": {
            path: {
                method: _operation(operation, components.get("schemas", {})) for method, operation in methods.items()
            }
            for path, methods in openapi["paths"].items()
        },
        "definitions": {name: _schema(schema) for name, schema in components.get("schemas", {}).items()},
    }
    if "security" in openapi:
        document |= {"security": openapi["security"], "securityDefinitions": components["securitySchemes"]}
    return document


def _operation(operation: Json, shared: Json) -> Json:
    converted = {key: value for key, value in operation.items() if key != "requestBody"}
    converted["parameters"] = [_parameter(parameter, shared) for parameter in operation.get("parameters", [])]
    if body := operation.get("requestBody"):
        [(media_type, content)] = body["content"].items()
        converted["consumes"] = [media_type]
        schema = _with_example(_schema(content["schema"]), content)
        converted["parameters"].append({"name": "body", "in": "body", "required": body["required"], "schema": schema})
    converted["responses"] = {status: _response(response) for status, response in operation["responses"].items()}
    converted["produces"] = sorted(
        {media_type for response in operation["responses"].values() for media_type in response.get("content", {})}
    )
    return converted


def _with_example(schema: Json, content: Json) -> Json:
    if "example" not in content:
        return schema
    whole = {"allOf": [schema]} if "$ref" in schema else schema
    return {**whole, "example": content["example"]}


def _parameter(parameter: Json, shared: Json) -> Json:
    schema = parameter["schema"]
    if "$ref" in schema:
        schema = shared[schema["$ref"].rpartition("/")[2]]
    schema = {key: value for key, value in _schema(schema).items() if key not in ("title", "x-nullable")}
    if schema.get("type") not in PARAMETER_TYPES:
        schema = {"type": "string"}
    if schema["type"] == "array":
        schema["collectionFormat"] = "multi"
        schema["items"] = schema["items"] if schema["items"].get("type") in PARAMETER_TYPES else {"type": "string"}
    return {**{key: value for key, value in parameter.items() if key != "schema"}, **schema}


def _response(response: Json) -> Json:
    converted: Json = {"description": response["description"]}
    for media_type, content in response.get("content", {}).items():
        if "schema" in content:
            converted.setdefault("schema", _schema(content["schema"]))  # there is place for one: that of the first
        if "example" in content:
            converted["examples"] = {media_type: content["example"]}
    if "headers" in response:
        converted["headers"] = {
            name: {"type": header["schema"]["type"]} for name, header in response["headers"].items()
        }
    return converted


def _schema(schema: Any) -> Any:
    """Return a schema without what Swagger 2.0 has no words for."""
    if not isinstance(schema, Mapping):
        return schema
    schema = _without_choice(dict(schema))
    if "$ref" in schema:
        return {"$ref": schema["$ref"].replace("#/components/schemas/", "#/definitions/")}
    if "const" in schema:
        schema["enum"] = [schema["const"]]
    if all(isinstance(word, str) for word in schema.get("enum", (None,))):
        schema["type"] = "string"
    if "prefixItems" in schema or ("items" not in schema and schema.get("type") == "array"):
        schema["items"] = {}
    for bound in ("Minimum", "Maximum"):
        if f"exclusive{bound}" in schema:
            schema[bound.lower()] = schema[f"exclusive{bound}"]
            schema[f"exclusive{bound}"] = True
    for key, empty in (("default", None), ("required", [])):
        if schema.get(key, ...) == empty:
            del schema[key]
    return {key: _NESTED.get(key, _same)(value) for key, value in schema.items() if key in KEPT or key.startswith("x-")}


def _without_choice(schema: Json) -> Json:
    """Return ``T`` for ``T | None``, and a schema that allows anything for other choices."""
    choices = schema.pop("anyOf", None) or schema.pop("oneOf", None)
    if not choices:
        return schema
    wanted = [choice for choice in choices if choice.get("type") != "null"]
    only = wanted[0] if len(wanted) == 1 else {}
    nullable = {"x-nullable": True} if len(wanted) < len(choices) else {}
    return {**only, **schema, **nullable}


def _same(value: Any) -> Any:
    return value


_NESTED: Mapping[str, Callable[[Any], Any]] = {
    "items": lambda items: _schema(items) if isinstance(items, Mapping) else {},
    "additionalProperties": _schema,
    "properties": lambda properties: {name: _schema(schema) for name, schema in properties.items()},
}
