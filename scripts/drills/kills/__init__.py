"""The campaign of kills: releases die at every transition, and whoever comes after must end them well."""
